"""A worker's arena, mapped into this process."""

import ctypes
import mmap
import os


class ArenaMap:
    """The shared memory of one worker; stays mapped as long as anything refers to its bytes.

    The mapping survives the worker: views keep their last content (as with the real worker's
    memfd, measured on openyuanrong-datasystem 0.8.1).
    """

    def __init__(self, fd: int, size: int) -> None:
        try:
            self._map = mmap.mmap(fd, size)
        finally:
            os.close(fd)
        self._view = memoryview(self._map)
        self._address = ctypes.addressof(ctypes.c_char.from_buffer(self._map))

    def view(self, offset: int, size: int) -> memoryview:
        """Return a writable view of a piece of the arena."""
        return self._view[offset : offset + size]

    def address(self, offset: int) -> int:
        """Return where a piece of the arena is in this process."""
        return self._address + offset
