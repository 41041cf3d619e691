"""NPUs from which this process could not read, each left alone for a while.

A pair of NPUs that cannot connect at all costs an attempt now and then; one that could not at one
moment (a busy machine, a link that was down) reads from NPU to NPU again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from ray_ascend.errors import TransferError
from ray_ascend.objects.metadata import NpuOrigin

logger = logging.getLogger(__name__)

FIRST_S: Final = 30.0
LONGEST_S: Final = 3600.0


class Refusals:
    """Asked and told by a process's NPU path, from any of its threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pauses: dict[tuple[str, int], tuple[float, float]] = {}

    def note(self, origin: NpuOrigin, error: TransferError) -> None:
        """Leave the NPU alone, for twice as long as the last time; says so in the log."""
        _, last = self._pauses.get(_npu(origin), (0.0, FIRST_S / 2))
        pause = min(2 * last, LONGEST_S)
        self._pauses[_npu(origin)] = (self._clock() + pause, pause)
        logger.warning(
            "NPU %d of %s cannot be read from here, and its objects come through host memory for "
            "the next %.0f s: %s",
            origin.npu,
            origin.host,
            pause,
            error,
        )

    def hold(self, origin: NpuOrigin) -> bool:
        """Tell whether the NPU is left alone now."""
        return self._clock() < self._pauses.get(_npu(origin), (0.0, 0.0))[0]

    def forget(self, origin: NpuOrigin) -> None:
        """Begin anew with an NPU that has been read from."""
        self._pauses.pop(_npu(origin), None)


def _npu(origin: NpuOrigin) -> tuple[str, int]:
    return origin.host, origin.npu
