"""Memory that tensors have arrived in and that nobody uses any more, kept for the next ones.

Most of the time that it takes to fill fresh memory goes into page faults: 512 MiB took 143 ms, and
37 ms where the pages were there already (Linux 6.18, two CPUs, pages of 4 KiB).

    receive --> new storage --noted--> the user's tensor ... dropped --found--> the next receive
                                                             or given back after KEPT_S

A storage is torch's own, and whether somebody uses it is told by its reference counts, so that a
user can do everything with it. What a process keeps so is at most LIMIT bytes, for a minute, and
the kernel may take it before that: it is told so within a second (MADV_FREE).
"""

from __future__ import annotations

import functools
import mmap
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import torch

from ray_ascend.cpu.pages import advise

LIMIT = 1 << 30
"""Bytes of all storages that a process remembers, in use or not."""
KEPT_S = 60.0
"""For how long memory that nobody uses is kept."""
FORGOTTEN_S = 60.0
"""What was used for longer than this is given back at once when it is dropped."""
_LOOK_S = 1.0
_use_count: Any = getattr(torch._C, "_storage_Use_Count", None)  # noqa: SLF001 - no public way


@dataclass(eq=False)
class _Noted:
    storage: torch.UntypedStorage
    since: float = field(default_factory=time.monotonic)
    was_used: bool = True

    def is_used(self) -> bool:
        """Tell whether a tensor, or a Python object, refers to the storage."""
        if _use_count is None or self.references() > _own_references():
            return True
        return bool(_use_count(self.storage._cdata) > 1)  # noqa: SLF001 - what it takes

    def references(self) -> int:
        """Count what refers to the storage's Python object, which torch gives to all who ask."""
        return sys.getrefcount(self.storage)

    def is_over(self, now: float) -> bool:
        """Tell whether to let go of it; called every second."""
        if (used := self.is_used()) != self.was_used:
            self.was_used, self.since = used, now
            if not used:
                advise(self.storage.data_ptr(), self.storage.nbytes(), mmap.MADV_FREE)
        return now - self.since > (FORGOTTEN_S if used else KEPT_S)


@functools.cache
def _own_references() -> int:
    """Count those that a storage has which nobody but a _Noted refers to."""
    return _Noted(torch.empty(1).untyped_storage()).references()


class WarmMemory:
    """What one process keeps; any thread may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._noted: list[_Noted] = []
        self._looker: threading.Thread | None = None

    def take(self, size: int) -> torch.UntypedStorage | None:
        """Give a storage of exactly so many bytes that nobody uses; it is noted still."""
        with self._lock:
            for noted in reversed(self._noted):
                if noted.storage.nbytes() == size and not noted.is_used():
                    if noted.storage.is_shared():
                        # Another process may have it, of which the counts say nothing.
                        self._noted.remove(noted)
                        return None
                    noted.was_used, noted.since = True, time.monotonic()
                    return noted.storage
        return None

    def note(self, storage: torch.UntypedStorage) -> None:
        """Remember a storage that a tensor uses now, and forget the oldest for it."""
        with self._lock:
            self._noted.append(_Noted(storage))
            while sum(noted.storage.nbytes() for noted in self._noted) > LIMIT:
                del self._noted[0]
            if self._noted and self._looker is None:
                self._looker = threading.Thread(target=self._look, name="yr-memory", daemon=True)
                self._looker.start()

    def kept(self) -> int:
        """Count the bytes that nobody uses."""
        with self._lock:
            return sum(one.storage.nbytes() for one in self._noted if not one.is_used())

    def _look(self) -> None:
        while self._are_left():
            time.sleep(_LOOK_S)

    def _are_left(self) -> bool:
        now = time.monotonic()
        with self._lock:
            self._noted[:] = [noted for noted in self._noted if not noted.is_over(now)]
            if not self._noted:
                self._looker = None
            return bool(self._noted)
