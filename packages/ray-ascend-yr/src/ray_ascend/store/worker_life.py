"""Whether the worker that a client was connected to is still the one that runs."""

from __future__ import annotations

import os
import select


class WorkerLife:
    """One worker process; any thread may ask, without a call to the worker.

    An address says nothing: a worker is started again where an earlier one was.
    """

    def __init__(self, pid: int) -> None:
        try:
            self._process = os.pidfd_open(pid)
        except OSError:
            # Seen from another container, the worker has no process: it counts as alive.
            self._process = -1

    def is_over(self) -> bool:
        """Tell whether the process has ended; False where that cannot be known."""
        if self._process < 0:
            return False
        poll = select.poll()
        poll.register(self._process, select.POLLIN)
        return bool(poll.poll(0))
