"""The journal: what a worker was asked, bounded, with exact counts; for tests and for `top`."""

from __future__ import annotations

import threading
from collections import Counter, deque
from typing import Final

from yr_fake_ds.protocol import JournalEntry

LENGTH: Final = 2000
KEYS_KEPT: Final = 8


class Journal:
    """Counts every call for ever and keeps the last ones; used from all worker threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()
        self._entries: deque[JournalEntry] = deque(maxlen=LENGTH)

    def note(self, call: str, client_id: str, keys: list[str], size: int, status: str) -> None:
        """Write down one served call; of many keys only the first few are kept."""
        entry = JournalEntry(call, client_id, keys[:KEYS_KEPT], size, status)
        with self._lock:
            self._calls[call] += 1
            self._entries.append(entry)

    def counts(self) -> dict[str, int]:
        """Return how often each call was served since the worker began."""
        with self._lock:
            return dict(self._calls)

    def entries(self) -> list[JournalEntry]:
        """Return the last calls, oldest first."""
        with self._lock:
            return list(self._entries)
