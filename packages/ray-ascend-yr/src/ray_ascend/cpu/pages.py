"""What the kernel is told of the pages that a tensor's memory consists of."""

from __future__ import annotations

import ctypes
import functools
import mmap
from typing import Any


def advise(address: int, size: int, advice: int) -> None:
    """Call madvise for the whole pages within `size` bytes; what it answers does not matter.

    Any thread. Advice changes how fast memory is, and nothing else that anybody may rely on.
    """
    first = -(-address // mmap.PAGESIZE) * mmap.PAGESIZE
    last = (address + size) // mmap.PAGESIZE * mmap.PAGESIZE
    if first < last:
        _madvise()(first, last - first, advice)


@functools.cache
def _madvise() -> Any:
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    return madvise
