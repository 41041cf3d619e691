"""Blocks against a model: in whatever order calls come, memory is neither lost nor shared."""

from __future__ import annotations

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from yr_fake_ds.arena import rounded
from yr_fake_ds.store.blocks import Block, Blocks

CAPACITY = 32 * 64
KEYS = st.sampled_from(["a", "b"])
VERSIONS = st.integers(1, 3)
CLIENTS = st.sampled_from(["x", "y"])


class BlocksModel(RuleBasedStateMachine):
    """The model knows names and holders only; a block must exist exactly if it has one."""

    made: Bundle[Block] = Bundle("made")

    def __init__(self) -> None:
        super().__init__()
        self.blocks = Blocks(CAPACITY)
        self.names: dict[tuple[str, int], Block] = {}
        self.holders: Counter[tuple[str, int]] = Counter()
        self.all: dict[int, Block] = {}

    @rule(target=made, size=st.integers(0, CAPACITY // 4), client=CLIENTS)
    def create(self, size: int, client: str) -> Block:
        """A client makes a block; evictable copies that nobody holds may go."""
        block, evicted = self.blocks.create(size, client)
        for name in evicted:
            victim = self.names.pop(name)
            assert not self.is_held(victim)
            assert victim.evictable or victim.replica
        if block is None:
            return Block(-1, 0, 0)
        self.all[block.id] = block
        self.holders[client, block.id] += 1
        return block

    @rule(block=made, key=KEYS, version=VERSIONS, evictable=st.booleans(), replica=st.booleans())
    def name(self, block: Block, key: str, version: int, *, evictable: bool, replica: bool) -> None:
        """A living block becomes the copy of a value."""
        if self.blocks.find(block.id) is None:
            return
        self.names = {name: other for name, other in self.names.items() if other is not block}
        self.names[key, version] = block
        self.blocks.name(block, key, version, evictable=evictable, replica=replica)

    @rule(key=KEYS, version=VERSIONS)
    def drop(self, key: str, version: int) -> None:
        """A value goes."""
        self.names.pop((key, version), None)
        self.blocks.drop(key, version)

    @rule(key=KEYS, version=VERSIONS, client=CLIENTS)
    def hold(self, key: str, version: int, client: str) -> None:
        """A client reads a value."""
        block = self.blocks.copy(key, version)
        assert block is self.names.get((key, version))
        if block is not None:
            self.blocks.hold(block, client)
            self.holders[client, block.id] += 1

    @rule(block=made, client=CLIENTS)
    def release(self, block: Block, client: str) -> None:
        """A client gives one reference back, which it may not have."""
        if self.holders[client, block.id]:
            self.holders[client, block.id] -= 1
        self.blocks.release(block.id, client)

    @rule(block=consumes(made), client=CLIENTS)
    def release_all(self, block: Block, client: str) -> None:
        """A client ends."""
        for held in [held for held in self.holders if held[0] == client]:
            del self.holders[held]
        self.blocks.release_all(client)

    def is_held(self, block: Block) -> bool:
        """Tell whether a client holds the block."""
        return any(self.holders[client, block.id] for client in ("x", "y"))

    @invariant()
    def memory_is_exactly_what_is_needed(self) -> None:
        """A block is there if and only if it is named or held, and its bytes are its own."""
        named = {block.id for block in self.names.values()}
        for number, block in self.all.items():
            needed = number in named or self.is_held(block)
            assert (self.blocks.find(number) is block) == needed
        living = [block for number, block in self.all.items() if self.blocks.find(number)]
        assert self.blocks.allocator.used == sum(rounded(block.size) for block in living)
        assert self.blocks.references() == self.holders.total()
        ends = 0
        for block in sorted(living, key=lambda block: block.offset):
            assert block.offset >= ends
            ends = block.offset + rounded(block.size)

    @invariant()
    def names_lead_to_blocks(self) -> None:
        """Copies are found under their names, in the order in which they were named."""
        assert {block.name: block for block in self.blocks.copies()} == self.names


TestBlocksModel = BlocksModel.TestCase
TestBlocksModel.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
