"""Blocks: memory lives as long as a value or a client refers to it."""

from __future__ import annotations

import pytest

from yr_fake_ds.store.blocks import Block, Blocks


def created(blocks: Blocks, size: int = 64, client: str | None = None) -> Block:
    """Make a block that must fit."""
    block, _evicted = blocks.create(size, client)
    assert block is not None
    return block


def test_an_unpublished_block_lives_for_its_client() -> None:
    """Memory of a client comes back when its last reference is released."""
    blocks = Blocks(64)
    block = created(blocks, client="c")
    assert blocks.create(64)[0] is None

    blocks.release(block.id, "c")

    assert blocks.allocator.used == 0
    assert blocks.find(block.id) is None


def test_a_value_lives_without_clients_until_it_is_dropped() -> None:
    """A named block stays when no client holds it, and goes when the value goes."""
    blocks = Blocks(1024)
    block = created(blocks, client="c")
    blocks.name(block, "k", 1, evictable=False, replica=False)
    blocks.release(block.id, "c")
    assert blocks.copy("k", 1) is block

    blocks.drop("k", 1)

    assert blocks.copy("k", 1) is None
    assert blocks.allocator.used == 0


def test_holders_keep_a_dropped_value() -> None:
    """A dropped value's memory stays until the last holder releases it."""
    blocks = Blocks(1024)
    block = created(blocks)
    blocks.name(block, "k", 1, evictable=False, replica=False)
    blocks.hold(block, "reader")

    blocks.drop("k", 1)
    assert blocks.allocator.used == 64
    blocks.release(block.id, "stranger")
    assert blocks.allocator.used == 64
    blocks.release_all("reader")

    assert blocks.allocator.used == 0


def test_versions_are_kept_apart() -> None:
    """Two versions of a key are two copies; the one seen last is found without a version."""
    blocks = Blocks(1024)
    old, new = created(blocks), created(blocks)
    blocks.name(old, "k", 1, evictable=False, replica=False)
    blocks.name(new, "k", 2, evictable=False, replica=False)

    assert (blocks.copy("k", 1), blocks.copy("k", 2), blocks.copy("k")) == (old, new, new)

    blocks.drop("k", 1)
    assert (blocks.copy("k", 1), blocks.copy("k")) == (None, new)


def test_evictable_copies_make_room_oldest_first() -> None:
    """When memory is full, evictable values and replicas go, the oldest first, held ones never."""
    blocks = Blocks(4 * 64)
    for version, (evictable, replica) in enumerate([(True, False), (False, True), (True, False)]):
        block = created(blocks)
        blocks.name(block, f"k{version}", version, evictable=evictable, replica=replica)
    held = blocks.copy("k0")
    assert held is not None
    blocks.hold(held, "reader")
    created(blocks)

    made, evicted = blocks.create(64)

    assert made is not None
    assert evicted == [("k1", 1)]
    assert [copy.name for copy in blocks.copies()] == [("k0", 0), ("k2", 2)]


@pytest.mark.parametrize(
    ("evictable", "replica", "goes"),
    [(False, False, False), (True, False, True), (False, True, True), (True, True, True)],
)
def test_what_has_to_stay_and_what_may_go(*, evictable: bool, replica: bool, goes: bool) -> None:
    """Only values that may be evicted, and copies of what another worker has, make room."""
    blocks = Blocks(64)
    blocks.name(created(blocks), "k", 1, evictable=evictable, replica=replica)

    made, evicted = blocks.create(64)

    assert ((made is not None), evicted) == (goes, [("k", 1)] if goes else [])


def test_a_new_block_is_no_value_yet() -> None:
    """It has not been published, and may be; two blocks are never the same one."""
    blocks = Blocks(1024)
    block = created(blocks)
    assert (block.published, block.spent, block.evictable, block.replica) == (False,) * 4
    assert Block(1, 0, 64) != Block(1, 0, 64)

    blocks.name(block, "k", 1, evictable=False, replica=False)
    assert block.published
    blocks.drop("k", 1)

    assert not block.published


def test_what_can_never_fit_evicts_nothing() -> None:
    """A block larger than the arena is refused without a victim."""
    blocks = Blocks(64)
    blocks.name(created(blocks), "k", 1, evictable=True, replica=False)

    assert blocks.create(65) == (None, [])
    assert blocks.copy("k") is not None


def test_a_block_can_become_another_value() -> None:
    """A block that is published again is the copy of the new value only."""
    blocks = Blocks(1024)
    block = created(blocks)
    blocks.name(block, "k", 1, evictable=False, replica=False)

    blocks.name(block, "k", 2, evictable=False, replica=False)

    assert (blocks.copy("k", 1), blocks.copy("k", 2)) == (None, block)
    blocks.drop("k", 2)
    assert blocks.allocator.used == 0


def test_a_second_copy_of_a_value_replaces_the_first() -> None:
    """When two readers fetch one value, one copy is kept and the other's memory comes back."""
    blocks = Blocks(1024)
    first, second = created(blocks), created(blocks)
    blocks.name(first, "k", 1, evictable=False, replica=True)

    blocks.name(second, "k", 1, evictable=False, replica=True)

    assert blocks.copy("k", 1) is second
    assert blocks.copies() == [second]
    assert blocks.allocator.used == 64


def test_references_are_counted() -> None:
    """A client that holds a block twice gives it back twice."""
    blocks = Blocks(64)
    block = created(blocks, client="c")
    blocks.hold(block, "c")
    assert block.holders == {"c": 2}

    blocks.release(block.id, "c")
    assert (blocks.references(), block.holders) == (1, {"c": 1})
    blocks.release(block.id, "c")

    assert blocks.allocator.used == 0


def test_unknown_names_and_ids_are_ignored() -> None:
    """Dropping and releasing what is not there changes nothing."""
    blocks = Blocks(1024)
    block = created(blocks, client="c")

    blocks.drop("k", 1)
    blocks.release(block.id + 1, "c")
    blocks.release(block.id, "stranger")
    blocks.release_all("stranger")

    assert blocks.references() == 1
    assert blocks.holds("c", block.id)
    assert not blocks.holds("stranger", block.id)
