"""Fixtures of the chapter DEV: stations on three NPUs, shared by the tests of a process."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from yr_conformance.datasystem.worker import Worker
from yr_conformance.device.station_process import StationProcess


@pytest.fixture(scope="session")
def stations(worker: Worker) -> Iterator[list[StationProcess]]:
    """Three stations, on NPUs 0, 1 and 2, at the shared worker."""
    started = [StationProcess(worker.port, npu) for npu in range(3)]
    yield started
    for station in started:
        station.end()


@pytest.fixture
def npu0(stations: list[StationProcess]) -> StationProcess:
    """The station on NPU 0."""
    return stations[0]


@pytest.fixture
def npu1(stations: list[StationProcess]) -> StationProcess:
    """The station on NPU 1."""
    return stations[1]


@pytest.fixture
def npu2(stations: list[StationProcess]) -> StationProcess:
    """The station on NPU 2."""
    return stations[2]


@pytest.fixture
def new_station(worker: Worker) -> Iterator[Callable[..., StationProcess]]:
    """Start stations of the test's own, on the NPU that it names, and end them."""
    started: list[StationProcess] = []

    def start(npu: int, at: Worker = worker) -> StationProcess:
        started.append(StationProcess(at.port, npu))
        return started[-1]

    yield start
    for station in started:
        station.end()
