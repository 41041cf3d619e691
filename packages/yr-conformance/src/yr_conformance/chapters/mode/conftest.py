"""Fixtures of chapter MODE: one driver for all its clauses, with one backend at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from yr_conformance.settings.backend import Backends
from yr_conformance.settings.driver_process import DriverProcess, driver_at, loopback_hosts
from yr_conformance.settings.of_the_run import variables_of
from yr_conformance.settings.variables import Variables


@pytest.fixture(scope="package")
def backends(process_mark: str, process_home: str) -> Iterator[Backends]:
    """The backends of a driver with two Ray nodes at addresses of their own."""
    with driver_at(loopback_hosts(2), process_home) as driver:
        made = Backends(driver)
        yield made
        made.idle_driver()


@pytest.fixture
def driver(backends: Backends) -> DriverProcess:
    """The driver, without a backend."""
    return backends.idle_driver()


@pytest.fixture(scope="package")
def variables(request: pytest.FixtureRequest) -> Callable[..., Variables]:
    """Make the variables of the mode of this run, given more arguments of the worker."""
    return variables_of(request)
