"""A thread that wants to do something every millisecond, and the longest time that it could not.

|.|.|.|.|.|            |.|.|.|      . is a sleep of a millisecond
          |-- longest -|
"""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import final

_PAUSE_S = 1e-3


@final
class Heartbeat:
    """Beats for as long as the block takes; `longest_ms` afterwards."""

    def __init__(self) -> None:
        self.longest_ms = 0.0
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        # The first beat comes before what is measured.
        time.sleep(10 * _PAUSE_S)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ends.set()
        self._thread.join()

    def _beat(self) -> None:
        last = time.perf_counter()
        while not self._ends.is_set():
            time.sleep(_PAUSE_S)
            now = time.perf_counter()
            self.longest_ms = max(self.longest_ms, 1e3 * (now - last))
            last = now
