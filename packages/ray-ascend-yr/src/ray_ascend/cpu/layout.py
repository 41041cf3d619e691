"""Where the tensors of one object lie in its single datasystem value.

    | tensor 0 ... | pad | tensor 1 ... | pad | tensor 2 |
    0              a*64                 b*64             total

A pure function of the tensors' sizes, so that offsets need not travel with the object.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

ALIGNMENT = 64
"""Start of each tensor in bytes: a cache line, and what torch's own CPU allocator gives."""


@dataclass(frozen=True)
class Layout:
    """Byte ranges of the tensors of one object; `total` is the size of the whole value."""

    offsets: tuple[int, ...]
    sizes: tuple[int, ...]
    total: int


def plan(sizes: Iterable[int]) -> Layout:
    """Place tensors of the given sizes (bytes) one after another, each on an aligned offset."""
    sizes = tuple(sizes)
    offsets, end = [], 0
    for size in sizes:
        start = _align(end)
        offsets.append(start)
        if size:
            end = start + size
    return Layout(tuple(offsets), sizes, end)


def _align(offset: int) -> int:
    return -(-offset // ALIGNMENT) * ALIGNMENT
