"""A backend that a driver has started: how it was asked for, and what became of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from yr_conformance.settings.attempt import Attempt, RunningWorker
from yr_conformance.settings.driver_process import DriverProcess
from yr_conformance.settings.variables import Variables

SENT: Final = [3.0, 1.0, 4.0]
"""What `Driver.transfer` sends."""


@dataclass(frozen=True)
class Backend:
    """It has moved a tensor from the first node to the last, so each of these has a worker."""

    driver: DriverProcess
    asked: Variables
    attempt: Attempt
    received: list[float]
    workers: list[RunningWorker]


@contextlib.contextmanager
def running_backend(driver: DriverProcess, asked: Variables) -> Iterator[Backend]:
    """Start it with these variables, and take it down; AssertionError if anything is left."""
    attempt = driver.register(asked)
    attempt.check_started()
    try:
        yield Backend(driver, asked, attempt, driver.ask("transfer"), driver.workers())
    finally:
        left = driver.ask("cleanup")
    assert left == []
