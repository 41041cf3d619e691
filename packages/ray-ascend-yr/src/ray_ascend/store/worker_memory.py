"""The worker's shared memory as a file, which a process can map once more, in its own way.

    a value's bytes --/proc/self/maps--> inode, offset --/proc/<worker>/fd--> the file behind them

The SDK maps the memory for reading and writing, shared with everybody, and closes the descriptor
(measured on openyuanrong-datasystem 0.8.1). The worker keeps its own, which Linux lets processes of
the same user open.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import re
import weakref
from collections.abc import Iterator
from dataclasses import dataclass

from ray_ascend.store.process_state import of_process

_SHARED = re.compile(
    rb"^([0-9a-f]+)-([0-9a-f]+) ...s ([0-9a-f]+) ([0-9a-f]+):([0-9a-f]+) ([0-9]+)", re.MULTILINE
)


class NotMappableError(Exception):
    """Says why a value's memory cannot be mapped a second time; never leaves this package."""


@dataclass(frozen=True)
class FilePart:
    """Where bytes in this process's memory come from: a file's identity, and the place in it."""

    device: int
    inode: int
    offset: int


class _Held:
    """What this process has mapped and still uses, and where it found the workers' files."""

    def __init__(self) -> None:
        self.mappings = weakref.WeakSet[mmap.mmap]()
        self.paths: dict[tuple[int, int], str] = {}


def hold(mapping: mmap.mmap) -> None:
    """Remember a mapping of a value for as long as somebody uses it."""
    of_process(_Held).mappings.add(mapping)


def is_held() -> bool:
    """Tell whether this process uses a mapping of a value; any thread."""
    return bool(of_process(_Held).mappings)


def file_behind(address: int, size: int) -> FilePart:
    """Find the file that is mapped, shared, at these addresses; raises NotMappableError."""
    with open("/proc/self/maps", "rb") as maps:
        for found in _SHARED.finditer(maps.read()):
            start, end, offset = (int(found[group], 16) for group in (1, 2, 3))
            if start <= address and address + size <= end:
                device = os.makedev(int(found[4], 16), int(found[5], 16))
                return FilePart(device, int(found[6]), offset + address - start)
    raise NotMappableError("its memory is no shared mapping of this process")


@contextlib.contextmanager
def opened(part: FilePart, worker_pid: int) -> Iterator[int]:
    """Give a descriptor for reading, within the block; raises NotMappableError."""
    try:
        descriptor = _open(part, worker_pid)
    except OSError as error:
        raise NotMappableError(f"the worker's memory cannot be opened: {error}") from error
    try:
        if os.fstat(descriptor).st_blksize > mmap.PAGESIZE:
            # Writing to a private mapping of huge pages takes one from the pool, or SIGBUS.
            raise NotMappableError("the worker keeps its values in huge pages")
        yield descriptor
    finally:
        os.close(descriptor)


def _open(part: FilePart, worker_pid: int) -> int:
    """Open the file where it was the last time, else search for it: a worker has hundreds."""
    paths, place = of_process(_Held).paths, (worker_pid, part.inode)
    descriptor = _open_at(paths.get(place, ""), part)
    if descriptor is None:
        paths[place] = _path(part, worker_pid)
        descriptor = _open_at(paths[place], part)
    if descriptor is None:
        raise NotMappableError(f"process {worker_pid} is not the worker any more")
    return descriptor


def _open_at(path: str, part: FilePart) -> int | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    found = os.fstat(descriptor)
    if (found.st_dev, found.st_ino) == (part.device, part.inode):
        return descriptor
    os.close(descriptor)
    return None


def _path(part: FilePart, worker_pid: int) -> str:
    with os.scandir(f"/proc/{worker_pid}/fd") as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):
                found = entry.stat()
                if (found.st_dev, found.st_ino) == (part.device, part.inode):
                    return entry.path
    raise NotMappableError(f"process {worker_pid} has no descriptor of that memory")
