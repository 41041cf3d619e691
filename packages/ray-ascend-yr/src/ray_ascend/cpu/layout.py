"""Where the tensors of one object lie in its single datasystem value: kind by kind.

    | kind 0: tensor 0 | pad | tensor 2 | pad | ... | kind 1: tensor 1 | pad | tensor 3 |
    0                  step             2 * step    a*64                            total

So that all tensors of a kind are one strided block, which torch copies in one call. A pure function
of the tensors' kinds and sizes: offsets need not travel with the object.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Sequence
from dataclasses import dataclass

from ray_ascend.objects.specs import Specs, TensorSpec

ALIGNMENT = 64
"""Start of each tensor in bytes: a cache line, and what torch's own CPU allocator gives."""


@dataclass(frozen=True)
class Block:
    """The tensors of one kind, `size` bytes each: `members` are their places in the object.

    The first lies at byte `offset`, each further one `step` bytes behind the one before it.
    """

    spec: TensorSpec
    size: int
    members: Sequence[int]
    offset: int

    @property
    def step(self) -> int:
        """Bytes from the start of one tensor to that of the next."""
        return _align(self.size)

    @property
    def end(self) -> int:
        """Give the byte behind the last tensor."""
        return self.offset + self.step * (len(self.members) - 1) + self.size


@dataclass(frozen=True)
class Layout:
    """The blocks of one object, those of no bytes included; `total` is the value's size."""

    blocks: tuple[Block, ...]
    total: int


def plan(specs: Specs, sizes: Sequence[int]) -> Layout:
    """Place tensors whose kinds have the given sizes (bytes)."""
    blocks, end = [], 0
    for spec, size, members in zip(specs.kinds, sizes, _members(specs), strict=True):
        block = Block(spec, size, members, _align(end))
        blocks.append(block)
        if size:
            end = block.end
    return Layout(tuple(blocks), end)


def strides_of(shape: Sequence[int]) -> list[int]:
    """Give the strides, in elements, of a contiguous tensor."""
    inner = itertools.accumulate(reversed(shape[1:]), operator.mul, initial=1) if shape else ()
    return [*inner][::-1]


def _members(specs: Specs) -> list[Sequence[int]]:
    if len(specs.kinds) == 1:
        return [range(len(specs))]
    members: list[list[int]] = [[] for _ in specs.kinds]
    for place, number in enumerate(specs.numbers):
        members[number].append(place)
    return list(members)


def _align(offset: int) -> int:
    return -(-offset // ALIGNMENT) * ALIGNMENT
