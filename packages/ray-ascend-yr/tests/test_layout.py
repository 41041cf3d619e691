"""Layout: where tensors lie in one value."""

from __future__ import annotations

import pytest

from ray_ascend.cpu.layout import ALIGNMENT, plan


@pytest.mark.parametrize("sizes", [[], [0], [1], [64], [65, 1], [1, 0, 3], [7] * 1000])
def test_ranges_are_aligned_ordered_and_disjoint(sizes: list[int]) -> None:
    """Every range begins aligned, behind the one before it, and ends within the total."""
    layout = plan(sizes)

    ends = [0]
    for offset, size in zip(layout.offsets, layout.sizes, strict=True):
        assert offset % ALIGNMENT == 0
        assert offset >= ends[-1]
        if size:
            ends.append(offset + size)
    assert layout.total == ends[-1]


def test_nothing_takes_no_bytes() -> None:
    """An object without bytes has a total of zero."""
    assert plan([0, 0]).total == 0


def test_there_is_no_four_gibibyte_limit() -> None:
    """Offsets behind 4 GiB are exact."""
    layout = plan([5 * 2**30, 3, 2**33])

    assert layout.offsets == (0, 5 * 2**30, 5 * 2**30 + ALIGNMENT)
    assert layout.total == 5 * 2**30 + ALIGNMENT + 2**33
