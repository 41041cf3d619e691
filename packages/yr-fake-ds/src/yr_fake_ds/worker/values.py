"""What a worker does with values: publish, get, delete; the calls that clients make.

get:  directory says version and holders --> own copy, else a replica from a holder
"""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from yr_fake_ds import protocol, texts
from yr_fake_ds.directory.messages import Announce, Entry, Located
from yr_fake_ds.directory.remote import DirectoryLostError
from yr_fake_ds.directory.service import Directory
from yr_fake_ds.protocol import Slot
from yr_fake_ds.refusal import RefusedError
from yr_fake_ds.store.blocks import Block, CopyName
from yr_fake_ds.worker.memory import Memory
from yr_fake_ds.worker.peers import NoCopyError, fetch

WAIT_SHARE: Final = 0.9
EVICTABLE_MODE: Final = 3
RETRY_PAUSE_S: Final = 0.05
REPUBLISHING: Final = frozenset({"put", "seal"})

Answer = TypeVar("Answer")


class Values:
    """The values of one worker; used from all its threads."""

    def __init__(self, address: str, memory: Memory, directory: Directory) -> None:
        self.address = address
        self._memory = memory
        self._directory = directory
        first = (os.getpid() << 40) ^ time.time_ns()
        self._versions = itertools.count(first & (2**62 - 1))

    def create(self, request: protocol.Create, client_id: str) -> list[Slot]:
        """Reserve memory for a client to write."""
        deadline = _deadline(request.timeout_ms)
        blocks, evicted = self._memory.create(request.sizes, client_id, deadline)
        self._tell_evicted(evicted)
        return [Slot(block.id, block.offset, block.size) for block in blocks]

    def store(self, request: protocol.Publish, read: Callable[[memoryview], None]) -> list[Block]:
        """Bring inline values of a request into the arena; `read` fills one after the other."""
        sizes = [item.size for item in request.items if item.slot_id is None]
        deadline = _deadline(request.timeout_ms)
        blocks, evicted = self._memory.create(sizes, None, deadline)
        for block in blocks:
            with self._memory.arena.view(block.offset, block.size) as view:
                read(view)
        self._tell_evicted(evicted)
        return blocks

    def publish(self, request: protocol.Publish, inline: Sequence[Block]) -> list[str]:
        """Make values visible; returns the keys that were not taken."""
        blocks = self._blocks(request, inline)
        before = [block.name for block in blocks]
        entries = self._name(request, blocks)
        names = [(entry.key, entry.version) for entry in entries]
        announce = Announce(
            address=self.address,
            call=request.call,
            entries=entries,
            parameters=request.parameters,
            only_if_absent=request.only_if_absent,
            nested=request.nested,
        )
        try:
            failed = self._patiently(request.timeout_ms, lambda: self._directory.announce(announce))
        except BaseException:
            self._give_back(request, blocks, before)
            self._keep_only_taken(names)
            raise
        if failed:
            self._keep_only_taken(names)
        return failed

    def _blocks(self, request: protocol.Publish, inline: Sequence[Block]) -> list[Block]:
        parts = iter(inline)
        try:
            return [
                next(parts) if item.slot_id is None else self._written(item.slot_id, request.call)
                for item in request.items
            ]
        except RefusedError:
            self._memory.discard(inline)
            raise

    def _give_back(
        self,
        request: protocol.Publish,
        blocks: Sequence[Block],
        before: Sequence[CopyName | None],
    ) -> None:
        """Let blocks that were published before be what they were, after a refusal."""
        evictable = request.parameters.write_mode == EVICTABLE_MODE
        for block, name in zip(blocks, before, strict=True):
            if name is not None:
                self._memory.name(block, *name, evictable=evictable, replica=block.replica)

    def get(self, request: protocol.Get, client_id: str) -> list[Slot | None]:
        """Take references on values for a client."""
        deadline = _deadline(request.timeout_ms)
        try:
            found = self._locate(request)
        except DirectoryLostError:
            return self._get_without_directory(request, client_id, deadline)
        if not any(found):
            raise RefusedError(texts.KEY_NOT_FOUND)
        slots: list[Slot | None] = []
        try:
            for key, located in zip(request.keys, found, strict=True):
                slots.append(self._take(key, located, client_id, deadline, len(found) == 1))
        except BaseException:
            self._memory.release([slot.id for slot in slots if slot], client_id)
            raise
        if not any(slots):
            raise RefusedError(texts.KEY_NOT_FOUND)
        return slots

    def exist(self, keys: list[str], timeout_ms: int) -> list[bool]:
        """Tell which keys exist."""
        try:
            return [located is not None for located in self._directory.locate(keys, 0)]
        except DirectoryLostError:
            here = [self._memory.has_copy(key) for key in keys]
            if all(here):
                return here
        found = self._patiently(timeout_ms, lambda: self._directory.locate(keys, 0))
        return [located is not None for located in found]

    def delete(self, keys: list[str], timeout_ms: int) -> list[str]:
        """Delete keys everywhere; returns those that are still referred to."""
        return self._patiently(timeout_ms, lambda: self._directory.delete(keys))

    def expire(self, keys: list[str], ttl_s: int, timeout_ms: int) -> list[str]:
        """Set times to live anew; returns missing keys."""
        return self._patiently(timeout_ms, lambda: self._directory.rearm(keys, ttl_s))

    def invalidate(self, slot_id: int) -> None:
        """Delete the value that a slot is a copy of."""
        block = self._memory.blocks.find(slot_id)
        if block is None or block.name is None:
            raise RefusedError(texts.OBJECT_DOES_NOT_EXIST)
        self._directory.remove([block.name[0]])

    def change_references(self, client_id: str, request: protocol.ChangeGlobalReferences) -> None:
        """Change cluster-wide counts of objects."""
        self._patiently(
            request.timeout_ms,
            lambda: self._directory.change_references(
                client_id, request.keys, increase=request.increase
            ),
        )

    def forget_client(self, client_id: str) -> None:
        """Drop what a client has here and what it refers to in the cluster."""
        self._memory.release_all(client_id)
        with contextlib.suppress(DirectoryLostError):
            self._directory.forget_client(client_id)

    def count_references(self, request: protocol.QueryGlobalReferences) -> int:
        """Return a cluster-wide count."""
        return self._patiently(
            request.timeout_ms, lambda: self._directory.count_references(request.key)
        )

    def _name(self, request: protocol.Publish, blocks: Sequence[Block]) -> list[Entry]:
        """Make the copies known here before the directory makes them known to all."""
        entries = []
        evictable = request.parameters.write_mode == EVICTABLE_MODE
        for item, block in zip(request.items, blocks, strict=True):
            version = next(self._versions)
            self._memory.name(block, item.key, version, evictable=evictable, replica=False)
            entries.append(Entry(item.key, item.size, version))
        return entries

    def _keep_only_taken(self, names: Sequence[tuple[str, int]]) -> None:
        """Drop what the directory did not take; if it is lost, nothing was taken."""
        try:
            found = self._directory.locate([key for key, _version in names], 0)
        except DirectoryLostError:
            found = [None] * len(names)
        taken = {
            (key, located.version)
            for (key, _version), located in zip(names, found, strict=True)
            if located
        }
        self._memory.drop([name for name in names if name not in taken])

    def _written(self, slot_id: int, call: protocol.PublishCall) -> Block:
        """Return the block of a slot; objects may be published again, values of mcreate not."""
        block = self._memory.blocks.find(slot_id)
        if block is None or (block.published and call not in REPUBLISHING):
            raise RefusedError(texts.SHM_NOT_FOUND, shm_id=f"{slot_id:036d}")
        return block

    def _locate(self, request: protocol.Get) -> list[Located | None]:
        wait_s = WAIT_SHARE * request.wait_ms / 1000
        return self._directory.locate(request.keys, wait_s)

    def _take(
        self, key: str, located: Located | None, client_id: str, deadline: float, alone: bool
    ) -> Slot | None:
        while located is not None:
            if not located.size:
                # Its metadata outlived its bytes: whoever asks for them ends it, as measured.
                self._directory.drop_copies(self.address, [(key, located.version)])
                return None
            slot = self._memory.hold_copy(key, located.version, client_id)
            if slot is not None:
                return slot
            if self._replicate(key, located, deadline, alone) is None:
                return None
            slot = self._memory.hold_copy(key, located.version, client_id)
            if slot is not None:
                return slot
            (located,) = self._directory.locate([key], 0)
        return None

    def _replicate(self, key: str, located: Located, deadline: float, alone: bool) -> Block | None:
        """Bring a copy here; None if there is no room and other keys can be answered."""
        others = [address for address in located.holders if address != self.address]
        if not others:
            raise RefusedError(texts.NO_COPY_EXISTS)
        try:
            (block,), evicted = self._memory.create([located.size], None, deadline)
        except RefusedError:
            if alone:
                raise RefusedError(texts.REPLICA_NO_SPACE, keys=key) from None
            return None
        self._tell_evicted(evicted)
        try:
            with self._memory.arena.view(block.offset, block.size) as view:
                fetch(others, key, located.version, view, deadline)
        except NoCopyError:
            self._memory.discard([block])
            raise RefusedError(texts.NO_COPY_EXISTS) from None
        except OSError:
            self._memory.discard([block])
            raise RefusedError(texts.REMOTE_UNREACHABLE, address=others[0]) from None
        self._memory.name(block, key, located.version, evictable=False, replica=True)
        self._directory.add_copy(self.address, key, located.version)
        return block

    def _get_without_directory(
        self, request: protocol.Get, client_id: str, deadline: float
    ) -> list[Slot | None]:
        """Answer from copies that are here; else wait for the head in vain, as measured."""
        slots = [self._memory.hold_copy(key, None, client_id) for key in request.keys]
        if all(slots):
            return slots
        self._memory.release([slot.id for slot in slots if slot], client_id)
        _wait_for_the_end(deadline)
        raise RefusedError(texts.REMOTE_UNREACHABLE, address="the metastore")

    def _tell_evicted(self, evicted: list[tuple[str, int]]) -> None:
        if evicted:
            self._directory.drop_copies(self.address, evicted)

    def _patiently(self, timeout_ms: int, operation: Callable[[], Answer]) -> Answer:
        """Try until the directory answers, at most so long."""
        deadline = _deadline(timeout_ms)
        while True:
            try:
                return operation()
            except DirectoryLostError as error:
                if time.monotonic() >= deadline:
                    raise RefusedError(texts.MASTER_UNREACHABLE, address=str(error)) from None
            time.sleep(RETRY_PAUSE_S)


def _deadline(timeout_ms: int) -> float:
    return time.monotonic() + timeout_ms / 1000


def _wait_for_the_end(deadline: float) -> None:
    time.sleep(max(deadline - time.monotonic(), 0))
