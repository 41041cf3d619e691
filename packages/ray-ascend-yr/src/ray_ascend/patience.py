"""How long a start and a transfer may take, and whether anybody still wants the transfer."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from ray_ascend.errors import TransferAbortedError, TransferTimeoutError

WORKER_START_S = 60.0
"""Longest start of a worker: 2 to 8 s, and four times that on a machine under heavy load.

A worker that cannot start is noticed long before, through its log.
"""
REPLACEMENT_S = WORKER_START_S + 10.0
"""From a worker's death until another one answers, at most: it is also noticed and cleaned up.

Whoever needs a worker waits so long for it: a put, and the first transfer of a process. A fetch may
not, since Ray gives up its receiver.
"""


@dataclass(frozen=True)
class Patience:
    """Given to a device path by the fetch that it works for; `deadline` in monotonic seconds."""

    obj_id: str
    deadline: float
    aborted: threading.Event

    @property
    def seconds(self) -> float:
        """What is left, at least 0."""
        return max(0.0, self.deadline - time.monotonic())

    def check_wanted(self, key: str) -> None:
        """Raise TransferAbortedError if Ray has given the fetch up."""
        if self.aborted.is_set():
            raise TransferAbortedError(f"Ray aborted the transfer of object {self.obj_id}", key)

    def check(self, key: str, waiting_for: str) -> None:
        """Raise if the fetch is over: TransferAbortedError or TransferTimeoutError."""
        self.check_wanted(key)
        if not self.seconds:
            raise TransferTimeoutError(
                f"object {self.obj_id} did not arrive in time: still waiting for {waiting_for}", key
            )
