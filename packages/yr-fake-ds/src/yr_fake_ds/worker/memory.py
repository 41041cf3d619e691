"""A worker's memory: its arena and blocks behind one lock, with the waiting that they need."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Final

from yr_fake_ds import texts
from yr_fake_ds.arena import Arena
from yr_fake_ds.protocol import Slot
from yr_fake_ds.refusal import RefusedError
from yr_fake_ds.store.blocks import Block, Blocks, CopyName
from yr_fake_ds.store.latches import Latches

ARENA_NUMBER: Final = 0
PEERS: Final = "(other workers)"
"""Holder of copies while their bytes are sent to other workers."""


class Memory:
    """Used from all threads of the worker."""

    def __init__(self, capacity: int) -> None:
        self.arena = Arena(capacity)
        self.changed = threading.Condition(threading.RLock())
        self.blocks = Blocks(capacity)
        self._latches = Latches()

    def create(
        self, sizes: Iterable[int], client_id: str | None, deadline: float
    ) -> tuple[list[Block], list[CopyName]]:
        """Make blocks, all or none, waiting for memory until `deadline` (monotonic seconds).

        Returns also the copies that were evicted for them. RefusedError "Out of memory".
        """
        wanted = list(sizes)
        with self.changed:
            while True:
                made, evicted = self._try_create(wanted, client_id)
                if made is not None:
                    return made, evicted
                remaining = deadline - time.monotonic()
                if remaining <= 0 or sum(wanted) > self.arena.capacity:
                    raise self._no_memory(sum(wanted))
                self.changed.wait(remaining)

    def name(self, block: Block, key: str, version: int, *, evictable: bool, replica: bool) -> None:
        """Make a block the copy of a value."""
        with self.changed:
            self.blocks.name(block, key, version, evictable=evictable, replica=replica)
            self.changed.notify_all()

    def drop(self, names: Iterable[CopyName]) -> None:
        """Let copies go."""
        with self.changed:
            for key, version in names:
                self.blocks.drop(key, version)
            self.changed.notify_all()

    def hold_copy(self, key: str, version: int | None, client_id: str) -> Slot | None:
        """Take a reference on a copy for a client; None if there is none here."""
        with self.changed:
            block = self.blocks.copy(key, version)
            if block is None:
                return None
            self.blocks.hold(block, client_id)
            return Slot(block.id, block.offset, block.size)

    @contextlib.contextmanager
    def lend_copy(self, key: str, version: int) -> Iterator[memoryview | None]:
        """Give a copy's bytes for another worker, None if there is none; they stay meanwhile."""
        slot = self.hold_copy(key, version, PEERS)
        try:
            yield None if slot is None else self.arena.view(slot.offset, slot.size)
        finally:
            if slot is not None:
                self.release([slot.id], PEERS)

    def named(self, slot_id: int) -> CopyName | None:
        """Return of which value a slot is the copy now, None if of none."""
        with self.changed:
            block = self.blocks.find(slot_id)
            return None if block is None else block.name

    def has_copy(self, key: str) -> bool:
        """Tell whether a copy of the version last seen here exists."""
        with self.changed:
            return self.blocks.copy(key) is not None

    def discard(self, blocks: Iterable[Block]) -> None:
        """Free blocks that were made for nobody and never named."""
        with self.changed:
            for block in blocks:
                self.blocks.discard(block)
            self.changed.notify_all()

    def release(self, slot_ids: Iterable[int], client_id: str) -> None:
        """Drop references of a client, one for each id."""
        with self.changed:
            for slot_id in slot_ids:
                self.blocks.release(slot_id, client_id)
                if not self.blocks.holds(client_id, slot_id):
                    self._latches.forget(slot_id, client_id)
            self.changed.notify_all()

    def release_all(self, client_id: str) -> None:
        """Drop everything that a client has."""
        with self.changed:
            self._latches.release_all(client_id)
            self.blocks.release_all(client_id)
            self.changed.notify_all()

    def latch(self, slot_id: int, client_id: str, *, exclusive: bool, deadline: float) -> None:
        """Take a latch; RefusedError when somebody else has it until `deadline`."""
        with self.changed:
            if not self.blocks.holds(client_id, slot_id):
                raise RefusedError(texts.SHM_NOT_FOUND, shm_id=f"{slot_id:036d}")
            while not self._latches.try_acquire(slot_id, client_id, exclusive=exclusive):
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    raise RefusedError(texts.LATCH_TIMEOUT)
                self.changed.wait(remaining)

    def unlatch(self, slot_id: int, client_id: str, *, exclusive: bool) -> None:
        """Give a latch back."""
        with self.changed:
            self._latches.release(slot_id, client_id, exclusive=exclusive)
            self.changed.notify_all()

    def _try_create(
        self, sizes: list[int], client_id: str | None
    ) -> tuple[list[Block] | None, list[CopyName]]:
        made: list[Block] = []
        evicted: list[CopyName] = []
        for size in sizes:
            block, gone = self.blocks.create(size, client_id)
            evicted += gone
            if block is None:
                self._undo(made, client_id)
                return None, evicted
            made.append(block)
        return made, evicted

    def _undo(self, made: list[Block], client_id: str | None) -> None:
        for block in made:
            if client_id is None:
                self.blocks.discard(block)
            else:
                self.blocks.release(block.id, client_id)

    def _no_memory(self, size: int) -> RefusedError:
        capacity, used = self.arena.capacity, self.blocks.allocator.used
        if size > capacity:
            return RefusedError(
                texts.OVER_THRESHOLD, allocated=used, required=size, threshold=capacity
            )
        return RefusedError(texts.NO_SPACE_IN_ARENA, arena=ARENA_NUMBER)
