"""Garbage: later collections look at what tests made, not at what was imported.

A full collection looks at every object of every module; torch and Ray have hundreds of thousands.
Done once or twice a test, to let clients and buffers go, it took half of the test process's time.
"""

from __future__ import annotations

import gc

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Set aside what imports and collection made: nothing that a test makes is among it."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """Let everything be collected again."""
    gc.unfreeze()
