"""The arena: one memfd in which all values of a worker live, and its allocator."""

from __future__ import annotations

import bisect
import mmap
import os
from typing import Final

ALIGNMENT: Final = 64


class Allocator:
    """First-fit allocation of aligned ranges with coalescing; not thread-safe, holds no memory."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.used = 0
        self._starts = [0]
        self._ends = [capacity]

    def allocate(self, size: int) -> int | None:
        """Reserve `size` bytes and return their offset, None if no range is large enough."""
        need = rounded(size)
        for index, start in enumerate(self._starts):
            if self._ends[index] - start >= need:
                self._shrink(index, start + need)
                self.used += need
                return start
        return None

    def free(self, offset: int, size: int) -> None:
        """Give a range back and join it with its free neighbours."""
        end = offset + rounded(size)
        index = bisect.bisect_left(self._starts, offset)
        self._starts.insert(index, offset)
        self._ends.insert(index, end)
        self.used -= end - offset
        self._join(index)
        if index:
            self._join(index - 1)

    def _shrink(self, index: int, start: int) -> None:
        if start == self._ends[index]:
            del self._starts[index], self._ends[index]
        else:
            self._starts[index] = start

    def _join(self, index: int) -> None:
        following = index + 1
        if following < len(self._starts) and self._ends[index] == self._starts[following]:
            self._ends[index] = self._ends[following]
            del self._starts[following], self._ends[following]


class Arena:
    """Anonymous shared memory of a fixed size; clients map the descriptor that they are sent."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.fd = os.memfd_create("datasystem")
        os.truncate(self.fd, capacity)
        self._map = mmap.mmap(self.fd, capacity)
        self._view = memoryview(self._map)

    def view(self, offset: int, size: int) -> memoryview:
        """Return a writable view of a range."""
        return self._view[offset : offset + size]


def rounded(size: int) -> int:
    """Round up to the alignment; every allocation takes at least one unit."""
    return max(-(-size // ALIGNMENT), 1) * ALIGNMENT
