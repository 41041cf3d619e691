"""Waiting for a condition instead of sleeping."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Final

PATIENCE_VARIABLE: Final = "YR_CONFORMANCE_PATIENCE_S"
PATIENCE_S = float(os.environ.get(PATIENCE_VARIABLE, "120"))
"""What waits for something to happen waits so long: it costs nothing when that happens.

A clause whose subject is a time has a number of its own. The variable is for runs in which much is
expected not to happen, as with mutants.
"""
_POLL_S = 0.02


def wait_until(condition: Callable[[], bool], what: str, seconds: float = PATIENCE_S) -> None:
    """Return once the condition holds; AssertionError naming `what` after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(_POLL_S)
