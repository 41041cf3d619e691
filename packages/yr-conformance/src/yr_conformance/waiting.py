"""Waiting for a condition instead of sleeping."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 120.0
"""What waits for something to happen waits so long: it costs nothing when that happens.

A clause whose subject is a time has a number of its own.
"""
_POLL_S = 0.02


def wait_until(condition: Callable[[], bool], what: str, seconds: float = PATIENCE_S) -> None:
    """Return once the condition holds; AssertionError naming `what` after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(_POLL_S)
