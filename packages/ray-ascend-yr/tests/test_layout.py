"""Layout: where tensors lie in one value."""

from __future__ import annotations

import itertools

import pytest

from ray_ascend.cpu.layout import ALIGNMENT, Layout, plan
from ray_ascend.objects.specs import Specs, TensorSpec


def layout_of_sizes(sizes: list[int]) -> Layout:
    """Plan an object of byte tensors of these sizes."""
    specs = Specs.of(TensorSpec("uint8", (size,)) for size in sizes)
    return plan(specs, [kind.shape[0] for kind in specs.kinds])


def ranges_of(layout: Layout) -> dict[int, tuple[int, int]]:
    """Give first and last byte of each tensor, by its place in the object."""
    return {
        place: (block.offset + number * block.step, block.offset + number * block.step + block.size)
        for block in layout.blocks
        for number, place in enumerate(block.members)
    }


@pytest.mark.parametrize(
    "sizes", [[], [0], [1], [64], [65, 1], [1, 0, 3], [7] * 1000, [1, 200, 1, 200, 1]]
)
def test_ranges_are_aligned_and_disjoint(sizes: list[int]) -> None:
    """Every tensor has a range of its size, aligned, apart from the others, within the total."""
    layout = layout_of_sizes(sizes)

    ranges = ranges_of(layout)
    assert [end - start for _, (start, end) in sorted(ranges.items())] == sizes
    filled = sorted(one for one in ranges.values() if one[0] < one[1])
    assert all(start % ALIGNMENT == 0 for start, _ in filled)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(filled))
    assert layout.total == max((end for _, end in filled), default=0)


def test_tensors_of_a_kind_are_one_block() -> None:
    """A model's layers take turns, and lie kind by kind all the same."""
    layout = layout_of_sizes([1000, 4] * 50)

    assert [list(block.members)[:3] for block in layout.blocks] == [[0, 2, 4], [1, 3, 5]]


def test_there_is_no_four_gibibyte_limit() -> None:
    """Offsets behind 4 GiB are exact."""
    layout = layout_of_sizes([5 * 2**30, 3, 2**33])

    starts = [start for _, (start, _) in sorted(ranges_of(layout).items())]
    assert starts == [0, 5 * 2**30, 5 * 2**30 + ALIGNMENT]
    assert layout.total == 5 * 2**30 + ALIGNMENT + 2**33


@pytest.mark.parametrize("sizes", [[], [1, 1]])
def test_each_kind_has_a_size(sizes: list[int]) -> None:
    """Neither one too few nor one too many is taken."""
    with pytest.raises(ValueError, match="argument 2 is"):
        plan(Specs.of([TensorSpec("uint8", (1,))]), sizes)
