"""Latches on blocks: many readers or one writer; pure, the worker does the waiting."""

from __future__ import annotations

from collections import Counter


class Latches:
    """Who has a latch on which block."""

    def __init__(self) -> None:
        self._readers: Counter[tuple[int, str]] = Counter()
        self._writers: dict[int, str] = {}

    def try_acquire(self, block_id: int, client_id: str, *, exclusive: bool) -> bool:
        """Take the latch if nobody is in the way."""
        if block_id in self._writers:
            return False
        if not exclusive:
            self._readers[block_id, client_id] += 1
            return True
        if any(block == block_id for block, _client in self._readers):
            return False
        self._writers[block_id] = client_id
        return True

    def is_written(self, block_id: int) -> bool:
        """Tell whether somebody has the block for writing."""
        return block_id in self._writers

    def release(self, block_id: int, client_id: str, *, exclusive: bool) -> None:
        """Give the latch back; nothing happens if there is none."""
        if exclusive:
            if self._writers.get(block_id) == client_id:
                del self._writers[block_id]
            return
        self._readers[block_id, client_id] -= 1
        if self._readers[block_id, client_id] <= 0:
            del self._readers[block_id, client_id]

    def forget(self, block_id: int, client_id: str) -> None:
        """Give back what a client has on a block, however often."""
        self._readers.pop((block_id, client_id), None)
        if self._writers.get(block_id) == client_id:
            del self._writers[block_id]

    def release_all(self, client_id: str) -> None:
        """Give back all latches of a client."""
        for block_id in {*self._writers, *(block for block, _client in self._readers)}:
            self.forget(block_id, client_id)
