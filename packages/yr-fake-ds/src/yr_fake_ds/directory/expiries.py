"""When values end: a heap, so that most calls need not look at values that are not due.

Pure. An entry counts only as long as its key is armed for that very time.
"""

from __future__ import annotations

import heapq
from typing import Final

SLACK: Final = 64
"""So many outdated entries may lie in the heap of even a small number of keys."""


class Expiries:
    """The ends of values, by key."""

    def __init__(self) -> None:
        self._at: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []

    def arm(self, key: str, at: float | None) -> None:
        """Let a key end at that time, or never; what was armed before is forgotten."""
        if at is None:
            self._at.pop(key, None)
            return
        self._at[key] = at
        heapq.heappush(self._heap, (at, key))
        if len(self._heap) > 2 * len(self._at) + SLACK:
            self._heap = [(at, key) for key, at in self._at.items()]
            heapq.heapify(self._heap)

    def next(self) -> float | None:
        """Return when the next key ends, None if none does."""
        while self._heap and self._at.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take_due(self, now: float) -> list[str]:
        """Disarm and return the keys that have ended."""
        due: list[str] = []
        while (at := self.next()) is not None and at <= now:
            _at, key = heapq.heappop(self._heap)
            del self._at[key]
            due.append(key)
        return due
