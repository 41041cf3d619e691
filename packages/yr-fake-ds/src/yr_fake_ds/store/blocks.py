r"""Blocks: pieces of the arena that live as long as a value or a client refers to them.

    created --publish--> named by (key, version) --overwritten, deleted--> unnamed
         \\                                                                  |
          +------------ freed when unnamed and no client holds a reference <-+

A pure state machine: no lock, no socket, no clock; the worker serialises the calls.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from yr_fake_ds.arena import Allocator, rounded

CopyName = tuple[str, int]


@dataclass(eq=False)
class Block:
    """One piece of memory; `name` is the value whose copy it is."""

    id: int
    offset: int
    size: int
    name: CopyName | None = None
    evictable: bool = False
    replica: bool = False
    spent: bool = False
    """Its one publication was carried out; `mset_buffer` allows no second one."""
    holders: Counter[str] = field(default_factory=Counter)

    @property
    def published(self) -> bool:
        """Whether it is the copy of a value now."""
        return self.name is not None


class Blocks:
    """All blocks of one worker."""

    def __init__(self, capacity: int) -> None:
        self.allocator = Allocator(capacity)
        self._ids = itertools.count(1)
        self._blocks: dict[int, Block] = {}
        self._copies: dict[CopyName, Block] = {}
        self._evictable: dict[CopyName, Block] = {}
        self._latest: dict[str, int] = {}
        self._held: defaultdict[str, Counter[int]] = defaultdict(Counter)

    def create(
        self, size: int, client_id: str | None = None
    ) -> tuple[Block | None, list[CopyName]]:
        """Make a block, held by the client if there is one; None if there is no memory.

        Evictable copies make room, oldest first; those that went are returned.
        """
        evicted: list[CopyName] = []
        if rounded(size) > self.allocator.capacity:
            return None, evicted
        while (offset := self.allocator.allocate(size)) is None:
            victim = self._oldest_evictable()
            if victim is None:
                return None, evicted
            evicted.append(victim)
            self.drop(*victim)
        block = Block(next(self._ids), offset, size)
        self._blocks[block.id] = block
        if client_id is not None:
            self.hold(block, client_id)
        return block, evicted

    def find(self, block_id: int) -> Block | None:
        """Return the block of that id, None if it is gone."""
        return self._blocks.get(block_id)

    def name(self, block: Block, key: str, version: int, *, evictable: bool, replica: bool) -> None:
        """Make a block the copy of a value; it may have been the copy of another one before."""
        name = (key, version)
        if block.name is not None:
            self._forget(block.name)
        twin = self._copies.get(name)
        if twin is not None:
            self.drop(key, version)
        block.name, block.evictable, block.replica = name, evictable, replica
        self._copies[name] = block
        self._latest[key] = version
        if evictable or replica:
            self._evictable[name] = block

    def copy(self, key: str, version: int | None = None) -> Block | None:
        """Return the copy of a value, of the version last seen here if none is named."""
        chosen = self._latest.get(key) if version is None else version
        return None if chosen is None else self._copies.get((key, chosen))

    def copies(self) -> list[Block]:
        """Return the copies of values, oldest first."""
        return list(self._copies.values())

    def drop(self, key: str, version: int) -> None:
        """Let a copy go; its bytes stay for the clients that hold them."""
        block = self._copies.get((key, version))
        if block is None:
            return
        self._forget((key, version))
        block.name = None
        self._free_if_unused(block)

    def hold(self, block: Block, client_id: str) -> None:
        """Count one more reference of a client."""
        block.holders[client_id] += 1
        self._held[client_id][block.id] += 1

    def holds(self, client_id: str, block_id: int) -> bool:
        """Tell whether a client has a reference on that block."""
        return block_id in self._held.get(client_id, ())

    def release(self, block_id: int, client_id: str) -> None:
        """Count one reference less; ids that the client does not hold are ignored."""
        held = self._held.get(client_id)
        if held is None or not held[block_id]:
            return
        held[block_id] -= 1
        block = self._blocks[block_id]
        block.holders[client_id] -= 1
        if not held[block_id]:
            del held[block_id], block.holders[client_id]
        self._free_if_unused(block)

    def release_all(self, client_id: str) -> None:
        """Drop all references of a client."""
        for block_id in self._held.pop(client_id, Counter()):
            block = self._blocks[block_id]
            del block.holders[client_id]
            self._free_if_unused(block)

    def references(self) -> int:
        """Return how many references all clients hold."""
        return sum(sum(held.values()) for held in self._held.values())

    def _forget(self, name: CopyName) -> None:
        del self._copies[name]
        self._evictable.pop(name, None)
        key, version = name
        if self._latest.get(key) == version:
            del self._latest[key]

    def _free_if_unused(self, block: Block) -> None:
        if block.name is None and not block.holders and block.id in self._blocks:
            del self._blocks[block.id]
            self.allocator.free(block.offset, block.size)

    def _oldest_evictable(self) -> CopyName | None:
        free = (name for name, block in self._evictable.items() if not block.holders)
        return next(free, None)
