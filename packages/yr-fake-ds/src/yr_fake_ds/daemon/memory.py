"""A worker's memory: its arena and blocks behind one lock, with the waiting that they need."""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections.abc import Collection, Iterable, Iterator
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
        self._survivors: dict[str, set[int]] = {}
        self._sealed: dict[str, int] = {}
        self.times_emptied = 0

    def create(
        self, sizes: Iterable[int], client_id: str, deadline: float, evicted: list[CopyName]
    ) -> list[Block]:
        """Make blocks, all or none, waiting for memory until `deadline` (monotonic seconds).

        The client holds them. Copies that had to go are added to `evicted`, also if it was in
        vain. RefusedError "Out of memory".
        """
        wanted = list(sizes)
        with self.changed:
            while True:
                made = self._try_create(wanted, client_id, evicted)
                if made is not None:
                    return made
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
                if self._sealed.get(key) == version:
                    del self._sealed[key]
            self.changed.notify_all()

    def void(self, key: str, version: int) -> None:
        """Let a copy go that its own client gave up; the key stays sealed here if it was."""
        with self.changed:
            self.blocks.drop(key, version)
            self.changed.notify_all()

    def seal(self, names: Iterable[CopyName]) -> None:
        """Note that these values are final; until their copies go, no memory is made for them."""
        with self.changed:
            self._sealed.update(name for name in names if self.blocks.copy(*name))

    def is_sealed(self, key: str) -> bool:
        """Tell whether this worker has a sealed object of that key, voided ones included."""
        with self.changed:
            return key in self._sealed

    def spend(self, blocks: Iterable[Block]) -> None:
        """Note that these blocks may not be published again."""
        with self.changed:
            for block in blocks:
                block.spent = True

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
        """Give a copy's bytes for another worker, None if there is none; they stay meanwhile.

        RefusedError while somebody has the write latch: another worker does not wait for it.
        """
        slot = self.hold_copy(key, version, PEERS)
        try:
            if slot is not None and self._is_written(slot.id):
                raise RefusedError(texts.TRY_READ_LATCH)
            yield None if slot is None else self.arena.view(slot.offset, slot.size)
        finally:
            if slot is not None:
                self.release([slot.id], PEERS)

    def named(self, slot_id: int) -> CopyName | None:
        """Return of which value a slot is the copy now, None if of none."""
        with self.changed:
            block = self.blocks.find(slot_id)
            return None if block is None else block.name

    def survive(self) -> None:
        """Keep what is here although the head, which knew of it, is gone.

        Such copies are found by clients of this worker only, and stay until one of them deletes
        or overwrites the key (measured on 0.8.1).
        """
        with self.changed:
            for key, version in (block.name for block in self.blocks.copies() if block.name):
                self._survivors.setdefault(key, set()).add(version)

    def forget_copies(self) -> None:
        """Let all copies go, since a directory begins that knows of none."""
        with self.changed:
            self.times_emptied += 1
            self.drop([block.name for block in self.blocks.copies() if block.name])
            self._survivors.clear()
            self._sealed.clear()

    def restore_survivors(self) -> list[Block]:
        """Give all copies, for a directory that learns of them; none counts as unknown any more."""
        with self.changed:
            self._survivors.clear()
            return [block for block in self.blocks.copies() if block.name]

    def survived(self, key: str) -> bool:
        """Tell whether a copy of a key is here that the head does not know."""
        with self.changed:
            return self._survivor(key) is not None

    def hold_survivor(self, key: str, client_id: str) -> Slot | None:
        """Take a reference on a copy that the head does not know; None if there is none."""
        with self.changed:
            version = self._survivor(key)
            return None if version is None else self.hold_copy(key, version, client_id)

    def forget_survivors(self, keys: Iterable[str], kept: Collection[CopyName] = ()) -> None:
        """Let copies go that the head does not know, but those that it has just learned of.

        A value may be on its way to the head when that is lost, and then counts as a survivor too.
        """
        with self.changed:
            for key in keys if self._survivors else ():
                for version in self._survivors.pop(key, ()):
                    if (key, version) not in kept:
                        self.drop([(key, version)])
            self.changed.notify_all()

    def hold(self, slot_id: int, client_id: str) -> Block | None:
        """Take a reference on a block; None if there is none of that id."""
        with self.changed:
            block = self.blocks.find(slot_id)
            if block is not None:
                self.blocks.hold(block, client_id)
            return block

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
                raise RefusedError(texts.SHM_NOT_FOUND, shm_id=str(uuid.UUID(int=slot_id)))
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

    def _is_written(self, slot_id: int) -> bool:
        with self.changed:
            return self._latches.is_written(slot_id)

    def _try_create(
        self, sizes: list[int], client_id: str, evicted: list[CopyName]
    ) -> list[Block] | None:
        made: list[Block] = []
        for size in sizes:
            block, gone = self.blocks.create(size, client_id)
            evicted += gone
            self.drop(gone)
            if block is None:
                for other in made:
                    self.blocks.release(other.id, client_id)
                return None
            made.append(block)
        return made

    def _survivor(self, key: str) -> int | None:
        """Give the oldest version that is here: a newer one is not published yet."""
        versions = sorted(self._survivors.get(key, ()))
        return next((one for one in versions if self.blocks.copy(key, one)), None)

    def _no_memory(self, size: int) -> RefusedError:
        capacity, used = self.arena.capacity, self.blocks.allocator.used
        if size > capacity:
            return RefusedError(
                texts.OVER_THRESHOLD, allocated=used, required=size, threshold=capacity
            )
        return RefusedError(texts.NO_SPACE_IN_ARENA, arena=ARENA_NUMBER)
