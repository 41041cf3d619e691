"""The directory's state: keys, versions, holders, times to live and reference counts.

Pure: the caller gives the clock, nothing waits, nothing is sent. What workers must
drop is returned as `Dropped`. The rules were measured on openyuanrong-datasystem 0.8.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

import msgspec

from yr_fake_ds import texts
from yr_fake_ds.directory.expiries import Expiries
from yr_fake_ds.directory.limits import check_mode, check_request
from yr_fake_ds.directory.messages import Announce, Entry, Located
from yr_fake_ds.directory.references import References
from yr_fake_ds.protocol import Parameters
from yr_fake_ds.refusal import RefusedError

EXPIRY_DELAY_S: Final = 0.1
"""A value goes this much later than its time to live says (measured on 0.8.1)."""
EVICTABLE_MODE: Final = 3
BREAKING: Final = (
    texts.PUBLISH_INCONSISTENT,
    texts.NESTED_MISMATCH,
    texts.CREATE_META_MISMATCH,
)
"""Refusals after which the worker that asked has lost its copy of the old value."""


@dataclass(frozen=True)
class Dropped:
    """One copy that is out of date, at one worker."""

    address: str
    key: str
    version: int


@dataclass
class Value:
    """One visible value."""

    version: int
    size: int
    parameters: Parameters
    holders: list[str]
    expires_at: float | None
    sealed: bool = False
    broken: bool = False
    """A refused overwrite took the bytes; the key exists until somebody asks for them."""
    is_bereft: bool = False
    """Its only worker crashed and is back without it; the key exists until somebody asks."""
    is_open: bool = False
    """It may be overwritten in any way: what `mset` leaves of a value that it broke."""
    voided: set[str] = field(default_factory=set)
    """Holders that gave up their bytes; they count as holders until one of their clients asks."""
    is_hollow: bool = False
    """The last holder had given up its bytes, and was asked: the key is gone since 0.8.1."""
    known_at: dict[str, int] = field(default_factory=dict)
    """Workers that had a copy since the key was deleted, each with the consistency it knows."""

    @property
    def readable(self) -> list[str]:
        """The holders that have the bytes."""
        return [address for address in self.holders if address not in self.voided]


@dataclass
class State:
    """All values of a cluster."""

    clock: Callable[[], float]
    invalidated_keys_stay: bool = False
    """Whether a hollow value is seen to exist, see `profile`."""
    _values: dict[str, Value] = field(default_factory=dict)
    _references: References = field(default_factory=References)
    _expiries: Expiries = field(default_factory=Expiries)

    def announce(self, request: Announce) -> tuple[list[str], list[Dropped]]:
        """Take new values; returns the keys not taken and the copies that are out of date.

        Raises RefusedError when the call as a whole fails; what it takes nevertheless is taken.
        """
        check_request(request)
        if request.call == "msettx":
            self._check_absent(request)
            if not all(entry.size for entry in request.entries):
                raise RefusedError(texts.TX_PAYLOAD)
        if request.call == "mset":
            request = self._like_its_first(request)
        entries = {entry.key: entry for entry in reversed(request.entries)}
        refusals = {key: self._conflict(request, key) for key in entries}
        dropped: list[Dropped] = []
        if not any(refusals.values()):
            check_mode(request)
        for key, refusal in refusals.items():
            if refusal is None:
                dropped += self._take(request, entries[key])
            elif refusal.text in BREAKING and request.call != "set":
                dropped += self._break_at(key, request)
        self._refuse(request, [found for found in refusals.values() if found], dropped)
        accepted = {id(entries[key]) for key, refusal in refusals.items() if refusal is None}
        return [entry.key for entry in request.entries if id(entry) not in accepted], dropped

    def restore(self, address: str, entries: Iterable[Entry]) -> list[Dropped]:
        """Learn what a worker holds: new values, or more copies of known ones; the rest goes.

        How a value was to be kept, and for how long, went with the directory that knew it.
        """
        dropped = []
        for entry in entries:
            value = self._living(entry.key)
            if value is None:
                value = Value(entry.version, entry.size, Parameters(), [], None, is_open=True)
                self._values[entry.key] = value
            if self.add_copy(address, entry.key, entry.version):
                value.is_bereft = False
            else:
                dropped.append(Dropped(address, entry.key, entry.version))
        return dropped

    def locate(self, keys: Iterable[str]) -> list[Located | None]:
        """Say where values are."""
        return [self._located(key) for key in keys]

    def add_copy(self, address: str, key: str, version: int) -> bool:
        """Note a replica; False if the value has changed meanwhile."""
        value = self._living(key)
        if value is None or value.version != version or value.broken:
            return False
        if address not in value.holders:
            value.holders.insert(0, address)
        value.voided.discard(address)
        value.known_at[address] = value.parameters.consistency
        return True

    def void(self, address: str, key: str) -> int:
        """Note that a worker gave up its copy, however often; returns the value's version.

        RefusedError if the worker has had none since the key was deleted.
        """
        value = self._living(key)
        if value is None or address not in value.known_at:
            raise RefusedError(texts.OBJECT_DOES_NOT_EXIST)
        if address in value.holders:
            value.voided.add(address)
        return value.version

    def drop_copies(self, address: str, names: Iterable[tuple[str, int]]) -> None:
        """Forget evicted copies; an evictable value without a copy is gone."""
        for key, version in names:
            value = self._values.get(key)
            if value and value.version == version and address in value.holders:
                value.holders.remove(address)
                value.is_hollow = not value.holders and address in value.voided
                value.voided.discard(address)
                if not value.holders and value.parameters.write_mode == EVICTABLE_MODE:
                    del self._values[key]
            elif value and value.version == version and (value.broken or value.is_bereft):
                del self._values[key]

    def remove(self, keys: Iterable[str], spared: Iterable[str] = ()) -> list[Dropped]:
        """Delete keys, missing ones included, and the children that only they keep."""
        dropped: list[Dropped] = []
        for key in keys:
            value = self._values.pop(key, None)
            self._expiries.arm(key, None)
            if value is not None:
                dropped += _copies(key, value)
                orphans = set(self._references.unnest(key)) - set(spared)
                dropped += self.remove(sorted(orphans), spared)
        return dropped

    def delete(self, keys: list[str]) -> tuple[list[str], list[Dropped]]:
        """Delete keys to which nothing refers; returns the others. Refused if there are none."""
        kept = [key for key in dict.fromkeys(keys) if self._references.is_held(key)]
        if kept and len(kept) == len(set(keys)):
            raise RefusedError(texts.STILL_REFERENCED)
        return kept, self.remove([key for key in keys if key not in kept], kept)

    def rearm(self, keys: list[str], ttl_s: int) -> list[str]:
        """Set times to live anew; zero leaves them as they are. Returns missing keys once."""
        missing: list[str] = []
        for key in dict.fromkeys(keys):
            value = self._living(key)
            if value is None:
                missing.append(key)
            elif ttl_s:
                value.expires_at = self._expiry(ttl_s)
                self._expiries.arm(key, value.expires_at)
        if len(missing) == len(keys):
            raise RefusedError(texts.EXPIRE_NOT_FOUND, count=len(missing), keys=", ".join(missing))
        return missing

    def expire(self) -> list[Dropped]:
        """Delete what is due."""
        return self.remove(self._expiries.take_due(self.clock()))

    def next_expiry(self) -> float | None:
        """When the next value is due, None if none has a time to live."""
        return self._expiries.next()

    def forget_worker(self, address: str, *, is_back: bool = False) -> None:
        """Forget all copies at a worker that left, or came back empty; the keys stay."""
        for value in self._values.values():
            value.known_at.pop(address, None)
            value.voided.discard(address)
            if address in value.holders:
                value.holders.remove(address)
                value.is_bereft = is_back and not value.holders

    def change_references(
        self, client_id: str, keys: Iterable[str], *, increase: bool
    ) -> list[Dropped]:
        """Change a client's counts; an object that loses its last reference is deleted."""
        return self.remove(self._references.change(client_id, keys, increase=increase))

    def forget_client(self, client_id: str) -> list[Dropped]:
        """Drop a client's references, and the objects to which nothing else refers."""
        return self.remove(self._references.forget_client(client_id))

    def count_references(self, key: str) -> int:
        """Return how many clients refer to an object."""
        return self._references.count(key)

    def _refuse(
        self, request: Announce, refusals: list[RefusedError], dropped: list[Dropped]
    ) -> None:
        """Refuse the call as a whole; mset only if as many failed as there are different keys.

        Repeated keys count as failed there (measured on 0.8.1).
        """
        different = len({entry.key for entry in request.entries})
        failed = len(refusals) + len(request.entries) - different
        some = request.call == "mset" and failed < different
        if refusals and not some:
            raise AnnounceError(refusals[-1], dropped)

    def _check_absent(self, request: Announce) -> None:
        # The real worker locks keys in their order, and looks at its own before the metadata.
        found = [
            (key, value)
            for key in sorted(entry.key for entry in request.entries)
            if (value := self._living(key)) is not None and not value.is_hollow
        ]
        for key, value in found:
            if value.sealed and request.address in value.voided:
                raise RefusedError(texts.TX_SEALED)
            if request.address in value.readable:
                raise RefusedError(texts.TX_EXISTS_LOCALLY, key=key)
        if found:
            raise RefusedError(texts.TX_EXISTS, key=found[0][0])

    def _conflict(self, request: Announce, key: str) -> RefusedError | None:
        value = self._living(key)
        if value is None:
            return None
        if value.sealed and _is_here(request, value):
            batch = request.call in {"mset", "mset_buffer"}
            return RefusedError(texts.SOME_FAILED if batch else texts.WORKER_SEALED)
        refusal = self._conflict_of_parameters(request, value)
        if refusal is None and value.sealed:
            return RefusedError(texts.METADATA_SEALED)
        return refusal or self._conflict_of_nesting(request, key)

    def _conflict_of_parameters(self, request: Announce, value: Value) -> RefusedError | None:
        old, new = _triple(value.parameters), _offered(request, value)
        if old == new or value.is_open:
            return None
        finds_it = _is_here(request, value) and not value.broken
        if request.call in {"set", "put", "seal"} and finds_it:
            return RefusedError(texts.PARAMETERS_FIXED)
        return RefusedError(texts.PUBLISH_INCONSISTENT, new=str(new), old=str(old))

    def _like_its_first(self, request: Announce) -> Announce:
        """Return a batch of mset with the parameters of its first key, if that exists already.

        Its other keys must agree with them, and new ones take them. Only evictable values insist
        on the mode of the call (all measured on 0.8.1).
        """
        value = self._living(request.entries[0].key) if request.entries else None
        if value is None or value.sealed or not _is_here(request, value):
            return request
        old, new = value.parameters, request.parameters
        mode = new.write_mode if old.write_mode == EVICTABLE_MODE else old.write_mode
        like = Parameters(old.consistency, mode, old.cache_type, new.ttl_s)
        return msgspec.structs.replace(request, parameters=like)

    def _conflict_of_nesting(self, request: Announce, key: str) -> RefusedError | None:
        """Refuse other children than before; an object without any may get some (0.8.1)."""
        children = self._references.children(key)
        if not children or children == frozenset(request.nested):
            return None
        if request.call in {"mset", "mset_buffer"}:
            return RefusedError(texts.NESTED_MISMATCH)
        return RefusedError(texts.CREATE_META_MISMATCH, key=key)

    def _take(self, request: Announce, entry: Entry) -> list[Dropped]:
        old = self._values.pop(entry.key, None)
        keeps = request.call == "mset" and old is not None and self._is_alive(old)
        parameters = self._resulting(request, old)
        known_at = old.known_at if old and self._is_alive(old) else {}
        ttl_s = request.parameters.ttl_s
        expires_at = old.expires_at if old and keeps else None
        if ttl_s:
            expires_at = self._expiry(ttl_s)
        self._expiries.arm(entry.key, expires_at)
        self._values[entry.key] = Value(
            version=entry.version,
            size=entry.size,
            parameters=parameters,
            holders=[request.address],
            expires_at=expires_at,
            sealed=request.call == "seal",
            known_at={**known_at, request.address: parameters.consistency},
        )
        self._references.nest(entry.key, request.nested)
        return _copies(entry.key, old) if old else []

    def _resulting(self, request: Announce, old: Value | None) -> Parameters:
        """Return how a value is kept: as before after mset, and where its worker lost its copy."""
        if old is not None and self._is_alive(old):
            remembers = request.address in old.known_at and not _is_here(request, old)
            if request.call == "mset" or remembers:
                return old.parameters
        return replace_ttl(request.parameters)

    def _break_at(self, key: str, request: Announce) -> list[Dropped]:
        value = self._values.get(key)
        if value is None or request.address not in value.holders:
            return []
        dropped = _copies(key, value)
        value.holders, value.broken, value.is_open = [], True, request.call == "mset"
        return dropped

    def _located(self, key: str) -> Located | None:
        value = self._living(key)
        if value is None or (value.is_hollow and not self.invalidated_keys_stay):
            return None
        remaining = None if value.expires_at is None else value.expires_at - self.clock()
        holders = value.readable
        is_empty = value.broken or value.is_hollow or (value.voided and not holders)
        size = 0 if is_empty else value.size
        return Located(value.version, size, value.parameters, holders, remaining, value.sealed)

    def _living(self, key: str) -> Value | None:
        value = self._values.get(key)
        return value if value and self._is_alive(value) else None

    def _is_alive(self, value: Value) -> bool:
        return value.expires_at is None or value.expires_at > self.clock()

    def _expiry(self, ttl_s: int) -> float:
        return self.clock() + ttl_s + EXPIRY_DELAY_S


class AnnounceError(Exception):
    """An announcement was refused, and copies are out of date nevertheless."""

    def __init__(self, refusal: RefusedError, dropped: list[Dropped]) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal
        self.dropped = dropped


def replace_ttl(parameters: Parameters) -> Parameters:
    """Return the parameters without the time to live, which the value keeps as a point in time."""
    return Parameters(parameters.consistency, parameters.write_mode, parameters.cache_type, 0)


def _is_here(request: Announce, value: Value) -> bool:
    """Tell whether the worker of a request finds the value itself, and asks no metadata."""
    without_holder = value.broken or value.is_open or value.is_bereft
    return without_holder or request.address in value.holders


def _offered(request: Announce, value: Value) -> tuple[int, int, int]:
    """Return the parameters that a worker offers for a value that exists.

    One that lost its copy remembers the weaker consistency of what it knew and what it was asked.
    """
    consistency, *others = _triple(request.parameters)
    if value.broken:
        consistency = 0
    if request.address in value.known_at and not _is_here(request, value):
        consistency &= value.known_at[request.address]
        value.known_at[request.address] = consistency
    return consistency, others[0], others[1]


def _triple(parameters: Parameters) -> tuple[int, int, int]:
    return parameters.consistency, parameters.write_mode, parameters.cache_type


def _copies(key: str, value: Value) -> list[Dropped]:
    return [Dropped(address, key, value.version) for address in value.holders]
