"""Processes: pause them, and see that they stay as they are."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator

from yr_conformance.living import freeze
from yr_conformance.waiting import PATIENCE_S

_POLL = 0.02


def stays(condition: Callable[[], bool], what: str, seconds: float) -> None:
    """Check again and again for so many seconds that the condition holds all the time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert condition(), f"no longer: {what}"
        time.sleep(_POLL)


@contextlib.contextmanager
def suspended(*pids: int, at_most: float = PATIENCE_S) -> Iterator[threading.Event]:
    """Stop processes for the block, and wake them after `at_most` seconds in any case.

    The event tells whether they had to be woken, that is, whether the block waited for them.
    Raises ValueError when there is nothing to stop: a clause would then prove nothing.
    """
    if not pids:
        raise ValueError("no process to stop was found")
    had_to_wake = threading.Event()

    def wake() -> None:
        had_to_wake.set()
        _signal_all(pids, signal.SIGCONT)

    timer = threading.Timer(at_most, wake)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            freeze(pid)
    timer.start()
    try:
        yield had_to_wake
    finally:
        timer.cancel()
        _signal_all(pids, signal.SIGCONT)


def _signal_all(pids: tuple[int, ...], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
