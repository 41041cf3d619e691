"""Reading: references on values that are here, and replicas of those that are elsewhere.

a copy that survived the head --> it
directory: version, holders   --> own copy, else a replica from a holder
directory lost                --> tried again until the request's time is over
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from yr_fake_ds import protocol, texts
from yr_fake_ds.daemon.memory import Memory
from yr_fake_ds.daemon.patience import deadline_of, patiently
from yr_fake_ds.daemon.peers import NoCopyError, PeerRefusedError, fetch
from yr_fake_ds.daemon.publication import tell_evicted
from yr_fake_ds.directory.messages import Located
from yr_fake_ds.directory.service import Directory
from yr_fake_ds.protocol import Slot
from yr_fake_ds.refusal import RefusedError
from yr_fake_ds.store.blocks import Block, CopyName
from yr_fake_ds.texts import Text

WAIT_SHARE: Final = 0.9
WAIT_SLICE_S: Final = 1.0
"""A waiting get looks so often whether its client is still there."""


class Reading:
    """How the clients of one worker read; used from all its threads."""

    def __init__(
        self,
        address: str,
        memory: Memory,
        directory: Directory,
        remembers: Callable[[str], bool],
    ) -> None:
        self._address = address
        self._memory = memory
        self._directory = directory
        self._remembers = remembers

    def get(self, request: protocol.Get, client_id: str) -> list[Slot | None]:
        """Take references on values for a client."""
        deadline = deadline_of(max(request.timeout_ms, request.wait_ms))
        wait_until = time.monotonic() + WAIT_SHARE * request.wait_ms / 1000
        slots = patiently(deadline, lambda: self._get(request, client_id, deadline, wait_until))
        if not any(slots):
            raise RefusedError(texts.KEY_NOT_FOUND)
        return slots

    def exist(self, keys: list[str], timeout_ms: int) -> list[bool]:
        """Tell which keys exist."""
        here = {key for key in keys if self._memory.survived(key)}
        missing = [key for key in keys if key not in here]
        found = patiently(deadline_of(timeout_ms), lambda: self._locate(missing))
        here.update(key for key, located in zip(missing, found, strict=True) if located)
        return [key in here for key in keys]

    def _get(
        self, request: protocol.Get, client_id: str, deadline: float, wait_until: float
    ) -> list[Slot | None]:
        slots = [self._memory.hold_survivor(key, client_id) for key in request.keys]
        missing = [index for index, slot in enumerate(slots) if slot is None]
        try:
            found = self._wait([request.keys[index] for index in missing], client_id, wait_until)
            for index, located in zip(missing, found, strict=True):
                key, alone = request.keys[index], len(slots) == 1
                slot = self._take(key, located, client_id, deadline, alone=alone)
                if slot and located:
                    slot = replace(slot, sealed=located.sealed, parameters=located.parameters)
                slots[index] = slot
        except BaseException:
            self._memory.release([slot.id for slot in slots if slot], client_id)
            raise
        return slots

    def _locate(self, keys: list[str]) -> list[Located | None]:
        return self._directory.locate(keys, 0) if keys else []

    def _wait(self, keys: list[str], client_id: str, until: float) -> list[Located | None]:
        """Wait until all keys exist, or the time is over, or nobody waits any more."""
        if not keys:
            return []
        while True:
            remaining = max(until - time.monotonic(), 0)
            found = self._directory.locate(keys, min(remaining, WAIT_SLICE_S))
            if None not in found or remaining <= WAIT_SLICE_S or not self._remembers(client_id):
                return found

    def _take(
        self, key: str, located: Located | None, client_id: str, deadline: float, *, alone: bool
    ) -> Slot | None:
        while located is not None:
            if not located.size:
                # Its metadata outlived its bytes: whoever asks for them ends it, as measured.
                self._directory.drop_copies(self._address, [(key, located.version)])
                self._memory.drop([(key, located.version)])
                return None
            slot = self._memory.hold_copy(key, located.version, client_id)
            if slot is not None:
                return slot
            try:
                return self._replicate(key, located, client_id, deadline, alone=alone)
            except NoCopyError:
                (again,) = self._directory.locate([key], 0)
                if again and (again.version, again.holders) == (located.version, located.holders):
                    self._directory.drop_copies(self._address, [(key, located.version)])
                    raise RefusedError(texts.NO_COPY_EXISTS) from None
                located = again
        return None

    def _replicate(
        self, key: str, located: Located, client_id: str, deadline: float, *, alone: bool
    ) -> Slot | None:
        """Bring a copy here; None if there is no room and other keys can be answered."""
        block = self._room(key, located.size, client_id, deadline, alone=alone)
        if block is None:
            return None
        try:
            self._fill(block, key, located, deadline)
        except BaseException:
            self._memory.release([block.id], client_id)
            raise
        return Slot(block.id, block.offset, block.size)

    def _room(
        self, key: str, size: int, client_id: str, deadline: float, *, alone: bool
    ) -> Block | None:
        evicted: list[CopyName] = []
        try:
            (block,) = self._memory.create([size], client_id, deadline, evicted)
        except RefusedError:
            if alone:
                raise RefusedError(texts.REPLICA_NO_SPACE, keys=key) from None
            return None
        finally:
            tell_evicted(self._directory, self._address, evicted)
        return block

    def _fill(self, block: Block, key: str, located: Located, deadline: float) -> None:
        others = [address for address in located.holders if address != self._address]
        try:
            with self._memory.arena.view(block.offset, block.size) as view:
                fetch(others, key, located.version, view, deadline)
        except OSError:
            raise RefusedError(texts.REMOTE_UNREACHABLE, address=", ".join(others)) from None
        except PeerRefusedError as error:
            raise RefusedError(Text(error.status, "{reason}"), reason=error) from None
        name = (key, located.version)
        self._memory.name(block, *name, evictable=False, replica=True)
        if located.sealed:
            self._memory.seal([name])
        if not self._directory.add_copy(self._address, *name):
            # The value changed meanwhile, and nobody will tell this worker to drop the old one.
            self._memory.drop([name])
