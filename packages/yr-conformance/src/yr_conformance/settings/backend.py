"""The backend of a driver, one at a time: how it was asked for, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from yr_conformance.settings.attempt import Attempt, RunningWorker
from yr_conformance.settings.driver_process import DriverProcess
from yr_conformance.settings.variables import Variables

SENT: Final = [3.0, 1.0, 4.0]
"""What `Driver.transfer` sends."""


@dataclass(frozen=True)
class Backend:
    """It has moved a tensor from the last node to the first, so each of these has a worker."""

    driver: DriverProcess
    asked: Variables
    attempt: Attempt
    received: list[float]
    workers: list[RunningWorker]


class Backends:
    """Lends the backend that a clause wants, and takes down the one before."""

    def __init__(self, driver: DriverProcess) -> None:
        self._driver = driver
        self._running: dict[str, Backend] = {}

    def lend(self, name: str, variables: Callable[[], Variables]) -> Backend:
        """Give the backend of that name, started with these variables unless it runs."""
        if name not in self._running:
            self.idle_driver()
            asked = variables()
            attempt = self._driver.register(asked)
            attempt.check_started()
            received, workers = self._driver.ask("transfer"), self._driver.workers()
            self._running[name] = Backend(self._driver, asked, attempt, received, workers)
        return self._running[name]

    def idle_driver(self) -> DriverProcess:
        """Give the driver without a backend; AssertionError if cleaning up leaves anything."""
        self._running.clear()
        left = self._driver.ask("cleanup")
        assert left == [], f"left by cleanup_yr_resources: {left}"
        return self._driver
