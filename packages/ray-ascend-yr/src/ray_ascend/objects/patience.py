"""How long a transfer may take, and whether anybody still wants it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from ray_ascend.errors import TransferAbortedError, TransferTimeoutError


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
