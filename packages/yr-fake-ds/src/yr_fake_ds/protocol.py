"""The messages between the parts of the fake, as msgpack of tagged structs; nothing is pickled.

    client process                     worker process
      TCP host:port    -- Hello -->      registers the client       <-- Welcome --
      (stays open and is the heartbeat: its end without Goodbye means that the client
       vanished; its end at the worker's side means that the worker died)
      Unix socket      -- Attach -->     joins the client's pool    <-- Attached, arena fd --
      (one request in flight on each; a client opens as many as its threads need)
                       -- a request -->                             <-- its reply or Failure --

A value lives in its worker's arena, one memfd that every attached client maps. What a client gets
is a `Slot`: where the bytes are, and an id under which the client holds one reference, until it
sends `Release` or is gone. A clean `Goodbye` drops a client's references at once; those of a
vanished client are dropped after `--client_dead_timeout_s`, as measured on
openyuanrong-datasystem 0.8.1.

A writer asks for slots by `Create`, fills them in place and names them in `Publish`; values below
the threshold that `Welcome` tells travel as the payload of `Publish` instead, in the order of its
items.

Every request may be answered by `Failure`; what a decoder refuses (an unknown message or field, a
number out of range) is answered by the end of the connection. Workers ask each other for bytes by
`PeerGet` on the same TCP port; what they ask the directory is in `directory.messages`.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

VERSION: Final = 1

ClientId: TypeAlias = Annotated[str, Meta(pattern="^[0-9A-Za-z-]{1,64}$")]
Size: TypeAlias = Annotated[int, Meta(ge=0, le=2**48)]
SlotId: TypeAlias = Annotated[int, Meta(ge=0, lt=2**62)]
Milliseconds: TypeAlias = Annotated[int, Meta(ge=0, le=2**42)]
Seconds: TypeAlias = Annotated[int, Meta(ge=0, lt=2**32)]


class Message(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Base of all messages; the tag on the wire is the class name."""


class Request(Message, frozen=True, kw_only=True):
    """Base of what a client asks; the trace id appears in the text of a Failure."""

    trace_id: str = ""


class Failure(Message, frozen=True):
    """Any request may be answered by this: the status name and the decorated text."""

    status: str
    message: str


class Done(Message, frozen=True):
    """The request was carried out and has nothing to tell."""


class Hello(Request, frozen=True, kw_only=True):
    """First message of a client on TCP -> Welcome, or Failure (wrong version, no free slot)."""

    version: int
    pid: int
    client_id: ClientId


class Welcome(Message, frozen=True, kw_only=True):
    """The client is registered and may attach Unix sockets."""

    worker_id: str
    socket_path: str
    arena_bytes: int
    shm_threshold: int
    """Values, and batches of mcreate in sum, of so many bytes or more are created in the arena."""


class Goodbye(Request, frozen=True, kw_only=True):
    """The client leaves in order, on its TCP connection -> Done; its references are dropped."""


class Attach(Request, frozen=True, kw_only=True):
    """First message on a Unix socket -> Attached; with the arena's descriptor if it is wanted."""

    client_id: ClientId
    want_arena: bool


class Attached(Message, frozen=True):
    """The connection belongs to the client's pool."""


class Parameters(msgspec.Struct, frozen=True, array_like=True):
    """How values are to be kept, as numbers of the SDK's enumerations.

    Values that `set` and `mset` write and values that `mcreate` creates differ in consistency; a
    key keeps its triple for life (0.8.1 refuses a write with another one).
    """

    consistency: int = 0
    write_mode: int = 0
    cache_type: int = 0
    ttl_s: Seconds = 0


class Slot(msgspec.Struct, frozen=True, array_like=True):
    """Bytes in the arena on which the receiving client holds one reference.

    Those of a sealed object may be neither published nor latched for writing; those of another
    value are published again with its `parameters`.
    """

    id: int
    offset: int
    size: int
    sealed: bool = False
    parameters: Parameters | None = None


class Create(Request, frozen=True, kw_only=True):
    """Reserve memory for values that are written in place -> Created.

    Waits for memory until `timeout_ms`, then Failure "Out of memory". Memory for a sealed object of
    this worker is refused when `unless_sealed`; `mcreate` and `mset` do not mind.
    """

    keys: list[str]
    sizes: list[Size]
    parameters: Parameters
    timeout_ms: Milliseconds
    unless_sealed: bool = False


class Created(Message, frozen=True):
    """One slot a key, invisible to others until published."""

    slots: list[Slot]


class Item(msgspec.Struct, frozen=True, array_like=True):
    """One value to publish: a slot of Create, or `size` bytes of the payload."""

    key: str
    size: Size
    slot_id: SlotId | None = None


PublishCall: TypeAlias = Literal["set", "mset", "msettx", "mset_buffer", "put", "seal"]
"""Which call of the SDK publishes: duplicates, conflicts and their texts differ between them."""


class Publish(Request, frozen=True, kw_only=True):
    """Make values visible -> Published. `nested` are the keys that an object refers to."""

    call: PublishCall
    items: list[Item]
    parameters: Parameters
    timeout_ms: Milliseconds
    only_if_absent: bool = False
    nested: list[str] = []


class Published(Message, frozen=True):
    """Keys that were not stored although the call succeeded (`mset` with a duplicate)."""

    failed: list[str]


class Get(Request, frozen=True, kw_only=True):
    """Take references on values -> Got. Waits up to 0.9 * wait_ms until all keys exist.

    With `latched` each reference holds a read latch until the client's last one is released.
    """

    keys: list[str]
    wait_ms: Milliseconds
    timeout_ms: Milliseconds
    latched: bool = False


class Got(Message, frozen=True):
    """One slot a key, None for a key without value; all missing is a Failure."""

    slots: list[Slot | None]


class Release(Request, frozen=True, kw_only=True):
    """Drop one reference for each id (repeated ids count) -> Done; unknown ids are ignored."""

    slot_ids: list[SlotId]


class Exist(Request, frozen=True, kw_only=True):
    """Ask which keys exist -> Existing."""

    keys: list[str]
    timeout_ms: Milliseconds


class Existing(Message, frozen=True):
    """One answer a key."""

    present: list[bool]


class Delete(Request, frozen=True, kw_only=True):
    """Delete keys everywhere, missing ones included -> Failed (normally empty)."""

    keys: list[str]
    timeout_ms: Milliseconds


class Expire(Request, frozen=True, kw_only=True):
    """Set the time to live anew -> Failed with the missing keys; all missing is a Failure."""

    keys: list[str]
    ttl_s: Seconds
    timeout_ms: Milliseconds


class Failed(Message, frozen=True):
    """Keys for which the call did nothing."""

    keys: list[str]


class Health(Request, frozen=True, kw_only=True):
    """Ask whether the worker serves -> Done."""


class Latch(Request, frozen=True, kw_only=True):
    """Take a read or write latch on a held slot -> Done, or Failure "futex wait timeout"."""

    slot_id: SlotId
    exclusive: bool
    timeout_ms: Milliseconds


class Unlatch(Request, frozen=True, kw_only=True):
    """Give a latch back -> Done, also when there was none."""

    slot_id: SlotId
    exclusive: bool


class Invalidate(Request, frozen=True, kw_only=True):
    """ObjectClient's `invalidate_buffer` -> Done: this worker has no copy of the value any more.

    Failure if it never had one since the key was deleted.
    """

    key: str


class ChangeGlobalReferences(Request, frozen=True, kw_only=True):
    """Increase or decrease the cluster-wide reference counts of objects -> Failed.

    An object whose count returns to zero is deleted.
    """

    keys: list[str]
    increase: bool
    timeout_ms: Milliseconds


class QueryGlobalReferences(Request, frozen=True, kw_only=True):
    """Ask for the cluster-wide reference count of one object -> Count."""

    key: str
    timeout_ms: Milliseconds


class Count(Message, frozen=True):
    """A number."""

    value: int


class Inspect(Request, frozen=True, kw_only=True):
    """Ask what the worker holds -> Inspection; sent on a TCP connection without Hello."""

    journal: bool = False


class OpenDirectory(Message, frozen=True):
    """Sent by another worker on TCP: what follows is for the directory that this worker keeps."""


class SetFaults(Request, frozen=True, kw_only=True):
    """Let the worker follow another fault plan -> Done; sent on a TCP connection without Hello."""

    plan: str


class PeerGet(Request, frozen=True, kw_only=True):
    """Sent by another worker on TCP -> PeerValue with the bytes, Failure if there is no copy."""

    key: str
    version: int


class PeerValue(Message, frozen=True):
    """The bytes follow as payload."""

    size: int


class ObjectState(msgspec.Struct, frozen=True):
    """One visible value, for test authors."""

    key: str
    size: int
    references: int
    ttl_s: float | None
    replica: bool


class JournalEntry(msgspec.Struct, frozen=True):
    """One call that the worker served."""

    call: str
    client_id: str
    keys: list[str]
    bytes: int
    status: str


class Inspection(Message, frozen=True, kw_only=True):
    """What a worker holds and has served."""

    worker_id: str
    pid: int
    clients: list[str]
    objects: list[ObjectState]
    arena_bytes: int
    used_bytes: int
    held_references: int
    calls: dict[str, int]
    journal: list[JournalEntry] = []
    faults: list[int] = []
    """How often each rule of the present fault plan has struck."""


encode = msgspec.msgpack.Encoder().encode
