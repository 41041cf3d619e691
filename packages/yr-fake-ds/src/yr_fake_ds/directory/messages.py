"""Messages between a worker and the directory, framed like all others."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from yr_fake_ds.device_protocol import DeviceAnswer, DeviceCall
from yr_fake_ds.protocol import Message, Parameters, PublishCall


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One value that a worker offers: it has the copy already."""

    key: str
    size: int
    version: int


class Located(msgspec.Struct, frozen=True, array_like=True):
    """Where a value is; `holders` are worker addresses, newest first."""

    version: int
    size: int
    parameters: Parameters
    holders: list[str]
    remaining_s: float | None
    sealed: bool = False


class Join(Message, frozen=True):
    """A worker begins: what was known of its address is forgotten -> Ok.

    The connection stays: the directory sends Drop on it, and its end means that the worker ended.
    """

    address: str


class Leave(Message, frozen=True):
    """A worker ends in order: it holds nothing any more -> Ok."""

    address: str


class Announce(Message, frozen=True, kw_only=True):
    """Make values visible -> Announced or Refused."""

    address: str
    call: PublishCall
    entries: list[Entry]
    parameters: Parameters
    only_if_absent: bool
    nested: list[str]


class Announced(Message, frozen=True):
    """Keys that were not taken."""

    failed: list[str]


class Restore(Message, frozen=True):
    """A worker holds these values, of which the directory may not know -> Ok."""

    address: str
    entries: list[Entry]


class Locate(Message, frozen=True):
    """Ask for values, waiting for all of them -> Locations."""

    keys: list[str]
    wait_s: float


class Locations(Message, frozen=True):
    """One answer a key."""

    found: list[Located | None]


class AddCopy(Message, frozen=True):
    """A worker has a replica now -> Noted; not noted if the value changed meanwhile."""

    address: str
    key: str
    version: int


class Noted(Message, frozen=True):
    """Whether what was told is known now."""

    noted: bool


class DropCopies(Message, frozen=True):
    """A worker evicted copies -> Ok; a value without copies that was evictable is gone."""

    address: str
    names: list[tuple[str, int]]


class Void(Message, frozen=True):
    """A worker gives up its copy of a value -> Number, the value's version; or Refused."""

    address: str
    key: str


class Remove(Message, frozen=True):
    """Delete keys -> Ok."""

    keys: list[str]


class Delete(Message, frozen=True):
    """Delete keys to which nothing refers -> Keys that are referred to."""

    keys: list[str]


class ForgetClient(Message, frozen=True):
    """A client is gone, and its references with it -> Ok."""

    client_id: str


class Rearm(Message, frozen=True):
    """Set times to live anew -> Keys that are missing."""

    keys: list[str]
    ttl_s: int


class Keys(Message, frozen=True):
    """A list of keys."""

    keys: list[str]


class ChangeReferences(Message, frozen=True):
    """Change cluster-wide counts -> Ok."""

    client_id: str
    keys: list[str]
    increase: bool


class CountReferences(Message, frozen=True):
    """Ask for a cluster-wide count -> Number."""

    key: str


class Number(Message, frozen=True):
    """A number."""

    value: int


class Ok(Message, frozen=True):
    """Carried out."""


class Refused(Message, frozen=True):
    """Refused, with the name of a text and its values."""

    text: str
    values: dict[str, Any]


class Drop(Message, frozen=True):
    """Sent to a worker: these copies are out of date."""

    names: list[tuple[str, int]]


DirectoryRequest: TypeAlias = (
    Join
    | Leave
    | Announce
    | Restore
    | Locate
    | AddCopy
    | DropCopies
    | Void
    | Remove
    | Delete
    | ForgetClient
    | Rearm
    | ChangeReferences
    | CountReferences
    | DeviceCall
)
DirectoryReply: TypeAlias = (
    Announced | Locations | Keys | Noted | Number | Ok | Refused | Drop | DeviceAnswer
)

decode_request = msgspec.msgpack.Decoder(DirectoryRequest).decode
decode_reply = msgspec.msgpack.Decoder(DirectoryReply).decode
