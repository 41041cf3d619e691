"""Fixtures of the chapter DEV: stations on three NPUs, shared by the tests of a process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import pytest

from yr_conformance.datasystem.worker import Worker
from yr_conformance.device.station_process import StationProcess

NPUS: Final = 3


class Stations:
    """The shared stations, on NPUs 0, 1 and 2, at one worker."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._made = [StationProcess(port, npu) for npu in range(NPUS)]

    def __getitem__(self, npu: int) -> StationProcess:
        """Give the one on that NPU."""
        return self._made[npu]

    def replace_busy(self) -> None:
        """Let another process follow one that died, or that an earlier test could not wait for."""
        for npu, station in enumerate(self._made):
            if not station.is_free:
                station.kill()
                station.end()
                self._made[npu] = StationProcess(self._port, npu)

    def end(self) -> None:
        """Let all end."""
        for station in self._made:
            station.end()


_shared = pytest.StashKey[Stations]()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before anybody looks at the processes that there are, replace stations that owe an answer."""
    if stations := item.config.stash.get(_shared, None):
        stations.replace_busy()


@pytest.fixture(scope="session")
def stations(worker: Worker, pytestconfig: pytest.Config) -> Iterator[Stations]:
    """Three stations at the shared worker."""
    pytestconfig.stash[_shared] = made = Stations(worker.port)
    yield made
    del pytestconfig.stash[_shared]
    made.end()


@pytest.fixture
def npu0(stations: Stations) -> StationProcess:
    """The station on NPU 0."""
    return stations[0]


@pytest.fixture
def npu1(stations: Stations) -> StationProcess:
    """The station on NPU 1."""
    return stations[1]


@pytest.fixture
def npu2(stations: Stations) -> StationProcess:
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
