"""Publication: values get memory, are written and become visible.

    Create ---> blocks held by the client ---+
    Publish --> blocks for inline values ----+--> named here --> announced to the directory
                                                                  |taken: visible everywhere
                                                                  |refused: unnamed again

A block is held by its client until the directory has answered, so that nothing evicts it meanwhile
and nothing of it stays when the client breaks off.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Final

from yr_fake_ds import protocol, texts
from yr_fake_ds.daemon.memory import Memory
from yr_fake_ds.daemon.patience import deadline_of, patiently
from yr_fake_ds.directory.messages import Announce, Entry
from yr_fake_ds.directory.remote import DirectoryLostError
from yr_fake_ds.directory.service import Directory
from yr_fake_ds.framing import FramingError
from yr_fake_ds.protocol import Slot
from yr_fake_ds.refusal import RefusedError
from yr_fake_ds.store.blocks import Block, CopyName

EVICTABLE_MODE: Final = 3
REPUBLISHING: Final = frozenset({"put", "seal"})
SPENDING: Final = frozenset({"mset_buffer"})


class Publication:
    """How the clients of one worker write; used from all its threads."""

    def __init__(self, address: str, memory: Memory, directory: Directory) -> None:
        self._address = address
        self._memory = memory
        self._directory = directory
        first = (os.getpid() << 40) ^ time.time_ns()
        self._versions = itertools.count(first & (2**62 - 1))

    def create(self, request: protocol.Create, client_id: str) -> list[Slot]:
        """Reserve memory for a client to write."""
        if request.unless_sealed and any(map(self._memory.is_sealed, request.keys)):
            raise RefusedError(texts.CREATE_SEALED)
        blocks = self._allocate(request.sizes, client_id, deadline_of(request.timeout_ms))
        return [Slot(block.id, block.offset, block.size) for block in blocks]

    def publish(
        self, request: protocol.Publish, client_id: str, read: Callable[[memoryview], None]
    ) -> list[str]:
        """Make values visible; returns the keys that were not taken.

        `read` fills one inline value after the other with the bytes behind the request.
        """
        deadline = deadline_of(request.timeout_ms)
        sizes = [item.size for item in request.items if item.slot_id is None]
        inline = self._allocate(sizes, client_id, deadline)
        held = [block.id for block in inline]
        try:
            for block in inline:
                with self._memory.arena.view(block.offset, block.size) as view:
                    read(view)
            blocks = self._blocks(request, inline, held, client_id)
            return self._announce(request, blocks, deadline)
        finally:
            self._memory.release(held, client_id)

    def _allocate(self, sizes: Sequence[int], client_id: str, deadline: float) -> list[Block]:
        evicted: list[CopyName] = []
        try:
            return self._memory.create(sizes, client_id, deadline, evicted)
        finally:
            tell_evicted(self._directory, self._address, evicted)

    def _blocks(
        self,
        request: protocol.Publish,
        inline: Sequence[Block],
        held: list[int],
        client_id: str,
    ) -> list[Block]:
        """Find the blocks of all items; those of slots are held too, and noted in `held`."""
        parts = iter(inline)
        blocks: list[Block] = []
        for item in request.items:
            if item.slot_id is None:
                block = next(parts)
            else:
                block = self._written(item.slot_id, request.call, client_id)
                held.append(block.id)
            if block.size != item.size:
                raise FramingError(f"{item.key} has {item.size} bytes in a slot of {block.size}")
            blocks.append(block)
        return blocks

    def _written(self, slot_id: int, call: protocol.PublishCall, client_id: str) -> Block:
        """Hold the block of a slot; objects may be published again, values of mcreate not."""
        block = self._memory.hold(slot_id, client_id)
        again = call in REPUBLISHING
        if block is not None and (again or not (block.spent or block.published)):
            return block
        self._memory.release([slot_id], client_id)
        raise RefusedError(texts.SHM_NOT_FOUND, shm_id=str(uuid.UUID(int=slot_id)))

    def _announce(
        self, request: protocol.Publish, blocks: Sequence[Block], deadline: float
    ) -> list[str]:
        before = [block.name for block in blocks]
        emptied = self._memory.times_emptied
        entries = self._name(request, blocks)
        names = [(entry.key, entry.version) for entry in entries]
        announce = Announce(
            address=self._address,
            call=request.call,
            entries=entries,
            parameters=request.parameters,
            only_if_absent=request.only_if_absent,
            nested=request.nested,
        )
        try:
            failed = patiently(
                deadline, lambda: self._directory.announce(announce), texts.MASTER_UNREACHABLE
            )
        except BaseException:
            self._give_back(request, blocks, before)
            self._keep_only_taken(names)
            raise
        if emptied != self._memory.times_emptied:
            # A new directory took the values after this worker had let all older copies go.
            self._name_again(request, blocks, names)
        if failed:
            self._keep_only_taken(names)
        if request.call in SPENDING:
            self._memory.spend(blocks)
        if request.call == "seal":
            self._memory.seal(names)
        taken = [name for name in names if name[0] not in failed]
        self._memory.forget_survivors([key for key, _version in taken], kept=taken)
        return failed

    def _name(self, request: protocol.Publish, blocks: Sequence[Block]) -> list[Entry]:
        """Make the copies known here before the directory makes them known to all."""
        entries = []
        evictable = request.parameters.write_mode == EVICTABLE_MODE
        for item, block in zip(request.items, blocks, strict=True):
            version = next(self._versions)
            self._memory.name(block, item.key, version, evictable=evictable, replica=False)
            entries.append(Entry(item.key, item.size, version))
        return entries

    def _name_again(
        self, request: protocol.Publish, blocks: Sequence[Block], names: Sequence[CopyName]
    ) -> None:
        evictable = request.parameters.write_mode == EVICTABLE_MODE
        for block, name in zip(blocks, names, strict=True):
            if block.name != name:
                self._memory.name(block, *name, evictable=evictable, replica=False)

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

    def _keep_only_taken(self, names: Sequence[CopyName]) -> None:
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


def tell_evicted(directory: Directory, address: str, evicted: list[CopyName]) -> None:
    """Tell the directory which copies are gone; a head that is lost knows of none anyway."""
    if evicted:
        with contextlib.suppress(DirectoryLostError):
            directory.drop_copies(address, evicted)
