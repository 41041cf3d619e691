"""The threads of the SDK that have nothing to do, and take a CPU for it.

From the death of its worker until something listens at that address again, the one thread by which
a process's clients connect tries without a pause: 60 to 75 % of a CPU in every process that has a
client, however idle it is, so that three actors kept two CPUs busy and calls ran out of time. At
the lowest priority it took 1 % beside two busy processes, and connecting still took 20 ms (measured
on openyuanrong-datasystem 0.8.1 and Linux 6.18).
"""

from __future__ import annotations

import contextlib
import os
import pathlib
from collections.abc import Iterator

_NAMES = frozenset({"ZmqHandleConnec"})
"""As the kernel has them, 15 characters: `ZmqSockConnHelper::HandleConnectList` runs in it."""
_LOWEST_NICE = 19
_TASKS = pathlib.Path("/proc/self/task")


def yield_to_others() -> None:
    """Let everything else on this machine run before such threads; called after connecting.

    They carry no request, so nothing else gets slower. Does nothing where it is not allowed.
    """
    for thread in _threads():
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, _LOWEST_NICE)


def _threads() -> Iterator[int]:
    with contextlib.suppress(OSError):
        for task in _TASKS.iterdir():
            # A thread may end while it is looked at.
            with contextlib.suppress(OSError):
                if (task / "comm").read_text().strip() in _NAMES:
                    yield int(task.name)
