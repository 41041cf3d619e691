"""The directory's state: keys, versions, holders, times to live and reference counts.

Pure: the caller gives the clock, nothing waits, nothing is sent. What workers must
drop is returned as `Dropped`. The rules were measured on openyuanrong-datasystem 0.8.1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from yr_fake_ds import texts
from yr_fake_ds.directory.messages import Announce, Entry, Located
from yr_fake_ds.protocol import Parameters
from yr_fake_ds.refusal import RefusedError

EXPIRY_DELAY_S: Final = 0.1
"""A value goes this much later than its time to live says (measured on 0.8.1)."""
EVICTABLE_MODE: Final = 3
L2_MODES: Final = frozenset({1, 2, 4})
MSET_LIMIT: Final = 10000


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


@dataclass
class State:
    """All values of a cluster."""

    clock: Callable[[], float]
    _values: dict[str, Value] = field(default_factory=dict)
    _references: dict[str, Counter[str]] = field(default_factory=dict)

    def announce(self, request: Announce) -> tuple[list[str], list[Dropped]]:
        """Take new values; returns the keys not taken and the copies that are out of date.

        Raises RefusedError when the call as a whole fails; what it takes nevertheless is taken.
        """
        self._check(request)
        failed: list[str] = []
        dropped: list[Dropped] = []
        refusal: RefusedError | None = None
        seen: set[str] = set()
        for entry in request.entries:
            if entry.key in seen:
                failed.append(entry.key)
                continue
            seen.add(entry.key)
            conflict = self._conflict(request, entry)
            if conflict is None:
                dropped += self._take(request, entry)
            elif request.call == "mset":
                failed.append(entry.key)
            else:
                refusal = conflict
                if request.call == "mset_buffer":
                    dropped += self._destroy_at(entry.key, request.address)
        if refusal is not None:
            raise AnnounceError(refusal, dropped)
        return failed, dropped

    def locate(self, keys: Iterable[str]) -> list[Located | None]:
        """Say where values are."""
        return [self._located(key) for key in keys]

    def add_copy(self, address: str, key: str, version: int) -> None:
        """Note a replica, unless the value has changed meanwhile."""
        value = self._living(key)
        if value and value.version == version and address not in value.holders:
            value.holders.insert(0, address)

    def drop_copies(self, address: str, names: Iterable[tuple[str, int]]) -> None:
        """Forget evicted copies; an evictable value without a copy is gone."""
        for key, version in names:
            value = self._values.get(key)
            if value and value.version == version and address in value.holders:
                value.holders.remove(address)
                if not value.holders and value.parameters.write_mode == EVICTABLE_MODE:
                    del self._values[key]

    def remove(self, keys: Iterable[str]) -> list[Dropped]:
        """Delete keys, missing ones included."""
        dropped: list[Dropped] = []
        for key in keys:
            value = self._values.pop(key, None)
            if value is not None:
                dropped += _copies(key, value)
        return dropped

    def rearm(self, keys: list[str], ttl_s: int) -> list[str]:
        """Set times to live anew; zero leaves them as they are. Returns missing keys once."""
        missing: list[str] = []
        for key in dict.fromkeys(keys):
            value = self._living(key)
            if value is None:
                missing.append(key)
            elif ttl_s:
                value.expires_at = self._expiry(ttl_s)
        if len(missing) == len(set(keys)):
            raise RefusedError(texts.EXPIRE_NOT_FOUND, count=len(missing), keys=", ".join(missing))
        return missing

    def expire(self) -> list[Dropped]:
        """Delete what is due."""
        now = self.clock()
        due = [
            key
            for key, value in self._values.items()
            if value.expires_at is not None and value.expires_at <= now
        ]
        return self.remove(due)

    def next_expiry(self) -> float | None:
        """When the next value is due, None if none has a time to live."""
        times = [v.expires_at for v in self._values.values() if v.expires_at is not None]
        return min(times, default=None)

    def forget_worker(self, address: str) -> None:
        """Forget all copies at a worker; the keys stay, as measured."""
        for value in self._values.values():
            if address in value.holders:
                value.holders.remove(address)

    def change_references(
        self, client_id: str, keys: Iterable[str], *, increase: bool
    ) -> tuple[list[str], list[Dropped]]:
        """Change counts; an object whose count returns to zero is deleted."""
        failed: list[str] = []
        dropped: list[Dropped] = []
        for key in keys:
            counts = self._references.setdefault(key, Counter())
            if increase:
                counts[client_id] += 1
            elif counts[client_id]:
                counts[client_id] -= 1
                if not +counts:
                    del self._references[key]
                    dropped += self.remove([key])
            else:
                failed.append(key)
        return failed, dropped

    def count_references(self, key: str) -> int:
        """Return the cluster-wide count of an object."""
        return sum(self._references.get(key, Counter()).values())

    def _check(self, request: Announce) -> None:
        keys = [entry.key for entry in request.entries]
        if request.parameters.write_mode in L2_MODES:
            raise RefusedError(texts.NO_L2_CACHE)
        if request.call == "mset":
            if len(keys) > MSET_LIMIT:
                raise RefusedError(texts.MSET_TOO_MANY_KEYS, limit=MSET_LIMIT)
            if request.only_if_absent:
                raise RefusedError(texts.MSET_NX_UNSUPPORTED, existence=1)
        if request.call == "mset_buffer" and len(set(keys)) < len(keys):
            twice = [key for key, count in Counter(keys).items() for _ in range(count) if count > 1]
            raise RefusedError(texts.PUBLISH_DUPLICATE, keys=", ".join(twice))
        if request.call == "msettx":
            self._check_absent(request)

    def _check_absent(self, request: Announce) -> None:
        for entry in request.entries:
            value = self._living(entry.key)
            if value is not None:
                here = request.address in value.holders
                raise RefusedError(
                    texts.TX_EXISTS_LOCALLY if here else texts.TX_EXISTS, key=entry.key
                )

    def _conflict(self, request: Announce, entry: Entry) -> RefusedError | None:
        value = self._living(entry.key)
        if value is None:
            return None
        if value.sealed:
            return RefusedError(texts.WORKER_SEALED)
        old, new = _triple(value.parameters), _triple(request.parameters)
        if old == new:
            return None
        if request.call in {"set", "put"}:
            return RefusedError(texts.PARAMETERS_FIXED)
        return RefusedError(texts.PUBLISH_INCONSISTENT, new=str(new), old=str(old))

    def _take(self, request: Announce, entry: Entry) -> list[Dropped]:
        dropped = self.remove([entry.key])
        ttl_s = request.parameters.ttl_s
        self._values[entry.key] = Value(
            version=entry.version,
            size=entry.size,
            parameters=replace_ttl(request.parameters),
            holders=[request.address],
            expires_at=self._expiry(ttl_s) if ttl_s else None,
            sealed=request.call == "seal",
        )
        return dropped

    def _destroy_at(self, key: str, address: str) -> list[Dropped]:
        value = self._values.get(key)
        if value is None or address not in value.holders:
            return []
        return self.remove([key])

    def _located(self, key: str) -> Located | None:
        value = self._living(key)
        if value is None:
            return None
        remaining = None if value.expires_at is None else value.expires_at - self.clock()
        return Located(value.version, value.size, value.parameters, list(value.holders), remaining)

    def _living(self, key: str) -> Value | None:
        value = self._values.get(key)
        if value and value.expires_at is not None and value.expires_at <= self.clock():
            return None
        return value

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


def _triple(parameters: Parameters) -> tuple[int, int, int]:
    return parameters.consistency, parameters.write_mode, parameters.cache_type


def _copies(key: str, value: Value) -> list[Dropped]:
    return [Dropped(address, key, value.version) for address in value.holders]
