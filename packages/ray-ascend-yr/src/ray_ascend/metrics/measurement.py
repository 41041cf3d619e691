"""One transfer, measured from where it begins to its end, good or bad."""

from __future__ import annotations

import time
from types import TracebackType
from typing import final

from ray_ascend.metrics.events import Failed, Phase, Transferred
from ray_ascend.metrics.recorder import record


@final
class Measurement:
    """Records a block as one transfer, if it says what was moved, or as one failure.

        with Measurement("store") as measured:
            ...
            measured.moved("cpu", size)

    `since` is when it began (`time.perf_counter`), if that was before the block.
    """

    def __init__(self, phase: Phase, since: float | None = None) -> None:
        self._phase: Phase = phase
        self._since = time.perf_counter() if since is None else since
        self._device, self._size = "", 0

    def moved(self, device: str | None, size: int) -> None:
        """Tell what the transfer is about; one of no bytes stores nothing and is not counted."""
        self._device, self._size = device or "cpu", size

    def __enter__(self) -> Measurement:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            record(Failed(self._phase, kind.__name__))
        elif self._size:
            seconds = time.perf_counter() - self._since
            record(Transferred(self._phase, self._device, self._size, seconds))
