"""The allocator: ranges never overlap, and all memory comes back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from yr_fake_ds.arena import ALIGNMENT, Allocator, Arena, rounded

CAPACITY = 64 * ALIGNMENT


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 20 * ALIGNMENT)), max_size=60))
def test_ranges_are_disjoint_aligned_and_come_back(steps: list[tuple[bool, int]]) -> None:
    """Ranges are aligned and disjoint at any time, and in the end all memory is free."""
    allocator = Allocator(CAPACITY)
    held: list[tuple[int, int]] = []

    for allocate, size in steps:
        if not allocate and held:
            allocator.free(*held.pop(size % len(held)))
            continue
        offset = allocator.allocate(size)
        if offset is not None:
            held.append((offset, size))
        ends = 0
        for start, length in sorted(held):
            assert start % ALIGNMENT == 0
            assert start >= ends
            ends = start + rounded(length)
        assert ends <= CAPACITY

    for offset, size in held:
        allocator.free(offset, size)
    assert allocator.used == 0
    assert allocator.allocate(CAPACITY) == 0


def test_a_full_arena_says_so() -> None:
    """No range is given out twice: a full allocator returns None until something is freed."""
    allocator = Allocator(2 * ALIGNMENT)
    first, second = allocator.allocate(1), allocator.allocate(ALIGNMENT)

    assert (first, second, allocator.allocate(1)) == (0, ALIGNMENT, None)

    allocator.free(0, 1)
    assert allocator.allocate(ALIGNMENT) == 0


def test_an_arena_is_shared_memory() -> None:
    """What is written into a view is there in the next view of the same range."""
    arena = Arena(4096)

    arena.view(64, 3)[:] = b"abc"

    assert bytes(arena.view(63, 5)) == b"\0abc\0"
