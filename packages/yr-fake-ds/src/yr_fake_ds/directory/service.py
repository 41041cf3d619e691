"""The directory as a service in the head worker: one lock, waits, expiry, notices to workers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Final, Protocol

import msgspec

from yr_fake_ds import texts
from yr_fake_ds.device_protocol import DeviceAnswer, DeviceCall
from yr_fake_ds.directory.device_service import DeviceService
from yr_fake_ds.directory.messages import Announce, Entry, Located
from yr_fake_ds.directory.state import AnnounceError, Dropped, State
from yr_fake_ds.profile import active
from yr_fake_ds.refusal import RefusedError

IDLE_S: Final = 1.0

DropCopies = Callable[[list[tuple[str, int]]], None]


class Directory(Protocol):
    """What a worker needs of the directory, in its own process or across the network.

    Every method may raise RefusedError; one that crosses the network DirectoryLostError too.
    """

    def announce(self, request: Announce) -> list[str]:
        """Make values visible; returns the keys that were not taken."""
        ...

    def locate(self, keys: list[str], wait_s: float) -> list[Located | None]:
        """Say where values are, waiting until all exist."""
        ...

    def add_copy(self, address: str, key: str, version: int) -> bool:
        """Note a replica; False if the value has changed meanwhile."""
        ...

    def drop_copies(self, address: str, names: list[tuple[str, int]]) -> None:
        """Forget evicted copies."""
        ...

    def void(self, address: str, key: str) -> int:
        """Note that a worker gave up its copy, and return of which version it was.

        RefusedError if the worker knows nothing of that key.
        """
        ...

    def remove(self, keys: list[str]) -> None:
        """Delete keys."""
        ...

    def delete(self, keys: list[str]) -> list[str]:
        """Delete keys to which nothing refers; returns the others."""
        ...

    def rearm(self, keys: list[str], ttl_s: int) -> list[str]:
        """Set times to live; returns the missing keys."""
        ...

    def change_references(self, client_id: str, keys: list[str], *, increase: bool) -> None:
        """Change cluster-wide counts."""
        ...

    def forget_client(self, client_id: str) -> None:
        """Drop all references of a client."""
        ...

    def count_references(self, key: str) -> int:
        """Return a cluster-wide count."""
        ...

    def call_device(self, call: DeviceCall) -> DeviceAnswer:
        """Carry out a request about device objects, which may wait."""
        ...

    def leave(self, address: str) -> None:
        """Forget a worker that ends in order."""
        ...


class DirectoryService:
    """The directory of a cluster; called from all threads of the head worker."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._state = State(clock, active().invalidated_keys_stay)
        self._clock = clock
        self._devices = DeviceService(clock)
        self._changed = threading.Condition()
        self._workers: dict[str, DropCopies] = {}
        self._lost: set[str] = set()
        threading.Thread(target=self._expire, name="expiry", daemon=True).start()

    def join(self, address: str, drop_copies: DropCopies) -> None:
        """Let a worker take part; copies that an earlier life of it had are forgotten."""
        with self._changed:
            self._state.forget_worker(address, is_back=True)
            self._devices.forget_worker(address)
            self._workers[address] = drop_copies
            self._lost.discard(address)

    def has_joined(self, address: str) -> bool:
        """Tell whether a worker takes part: what it announced before that would be forgotten."""
        with self._changed:
            return address in self._workers

    def lose(self, address: str, drop_copies: DropCopies) -> None:
        """Note that a worker broke off; nothing happens if it left in order or is back already.

        What it held stays known, and cannot be replaced or deleted until it is back.
        """
        with self._changed:
            if self._workers.get(address) is drop_copies:
                del self._workers[address]
                self._lost.add(address)

    def leave(self, address: str) -> None:
        """See Directory."""
        with self._changed:
            self._state.forget_worker(address)
            self._devices.forget_worker(address)
            self._workers.pop(address, None)

    def announce(self, request: Announce) -> list[str]:
        """See Directory."""
        beyond_reach: list[str] = []
        try:
            with self._changed:
                keys = [entry.key for entry in request.entries]
                if request.call == "mset":
                    beyond_reach = [key for key in keys if self._lost_holder(key)]
                    request = _without(request, beyond_reach)
                    if not request.entries:
                        return beyond_reach
                else:
                    self._refuse_lost(keys)
                failed, dropped = self._state.announce(request)
                self._changed.notify_all()
        except AnnounceError as error:
            with self._changed:
                self._changed.notify_all()
            self._notify(error.dropped)
            raise error.refusal from None
        self._notify(dropped)
        return beyond_reach + failed

    def restore(self, address: str, entries: Iterable[Entry]) -> None:
        """Learn what a worker holds; what is known already stays as it is."""
        with self._changed:
            dropped = self._state.restore(address, entries)
            self._changed.notify_all()
        self._notify(dropped)

    def locate(self, keys: list[str], wait_s: float) -> list[Located | None]:
        """See Directory."""
        deadline = self._clock() + wait_s
        with self._changed:
            while True:
                found = self._state.locate(keys)
                remaining = deadline - self._clock()
                if None not in found or remaining <= 0:
                    return found
                self._changed.wait(remaining)

    def add_copy(self, address: str, key: str, version: int) -> bool:
        """See Directory."""
        with self._changed:
            return self._state.add_copy(address, key, version)

    def drop_copies(self, address: str, names: list[tuple[str, int]]) -> None:
        """See Directory."""
        with self._changed:
            self._state.drop_copies(address, names)

    def void(self, address: str, key: str) -> int:
        """See Directory."""
        with self._changed:
            return self._state.void(address, key)

    def remove(self, keys: list[str]) -> None:
        """See Directory."""
        with self._changed:
            self._refuse_lost(keys)
            dropped = self._state.remove(keys)
        self._notify(dropped)

    def rearm(self, keys: list[str], ttl_s: int) -> list[str]:
        """See Directory."""
        with self._changed:
            missing = self._state.rearm(keys, ttl_s)
            self._changed.notify_all()
        return missing

    def delete(self, keys: list[str]) -> list[str]:
        """See Directory."""
        with self._changed:
            self._refuse_lost(keys)
            failed, dropped = self._state.delete(keys)
        self._notify(dropped)
        return failed

    def change_references(self, client_id: str, keys: list[str], *, increase: bool) -> None:
        """See Directory."""
        with self._changed:
            dropped = self._state.change_references(client_id, keys, increase=increase)
        self._notify(dropped)

    def forget_client(self, client_id: str) -> None:
        """See Directory."""
        with self._changed:
            dropped = self._state.forget_client(client_id)
        self._devices.forget_client(client_id)
        self._notify(dropped)

    def count_references(self, key: str) -> int:
        """See Directory."""
        with self._changed:
            return self._state.count_references(key)

    def call_device(self, call: DeviceCall) -> DeviceAnswer:
        """See Directory."""
        return self._devices.call(call)

    def _refuse_lost(self, keys: Iterable[str]) -> None:
        """Refuse to change values of which a lost worker has a copy; the caller tries again."""
        for key in keys if self._lost else ():
            holder = self._lost_holder(key)
            if holder:
                raise RefusedError(texts.REMOTE_UNREACHABLE, address=holder)

    def _lost_holder(self, key: str) -> str | None:
        (located,) = self._state.locate([key]) if self._lost else (None,)
        holders = located.holders if located else ()
        return next((holder for holder in holders if holder in self._lost), None)

    def _notify(self, dropped: Iterable[Dropped]) -> None:
        names: dict[str, list[tuple[str, int]]] = {}
        for copy in dropped:
            names.setdefault(copy.address, []).append((copy.key, copy.version))
        for address, copies in names.items():
            drop_copies = self._workers.get(address)
            if drop_copies is not None:
                drop_copies(copies)

    def _expire(self) -> None:
        while True:
            with self._changed:
                due = self._state.next_expiry()
                pause = IDLE_S if due is None else min(max(due - self._clock(), 0.001), IDLE_S)
                self._changed.wait(pause)
                dropped = self._state.expire()
            self._notify(dropped)


def _without(request: Announce, keys: list[str]) -> Announce:
    if not keys:
        return request
    entries = [entry for entry in request.entries if entry.key not in keys]
    return msgspec.structs.replace(request, entries=entries)
