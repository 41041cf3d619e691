"""DEV: senders that die while others have, want or may want their tensors."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest

from yr_conformance.datasystem.clients import Keys
from yr_conformance.datasystem.statuses import raises_status
from yr_conformance.datasystem.worker import Worker
from yr_conformance.device.clauses import EMULATED, MUST, clause
from yr_conformance.device.settling import await_gone, settled
from yr_conformance.device.station_process import StationProcess


@pytest.fixture(scope="module", autouse=True)
def waiting(worker: Worker) -> Iterator[StationProcess]:
    """A process that has begun to get a key whose owner was killed a moment ago.

    It waits for 60 s, so the other clauses of this file are tested meanwhile.
    """
    key = Keys()()
    with contextlib.ExitStack() as ends:
        lost, waiting = (_station(ends, worker, npu) for npu in (3, 2))
        lost.ask("make", "x", 1)
        lost.ask("dev_mset", [key], ["x"])
        waiting.ask("make", "r", 0)
        lost.kill()
        waiting.begin("dev_mget", [key], ["r"], 500)
        yield waiting


def _station(ends: contextlib.ExitStack, worker: Worker, npu: int) -> StationProcess:
    station = StationProcess(worker.port, npu)
    ends.callback(station.end)
    # A station that still waits for its answer would take as long to end.
    ends.callback(station.kill)
    return station


@clause("DEV-LOST-02", MUST, source=EMULATED)
def test_the_keys_of_a_dead_process_are_forgotten(
    new_station: Callable[..., StationProcess], npu2: StationProcess, own_keys: Keys
) -> None:
    """Once the worker takes a client for dead (`client_dead_timeout_s`), its keys are gone."""
    lost = new_station(3)
    lost.ask("make", "x", 1)
    lost.ask("dev_mset", [own_keys()], ["x"])

    lost.kill()

    await_gone(npu2, own_keys())


@clause("DEV-LOST-03", MUST, source=EMULATED)
@pytest.mark.timeout(200)
def test_a_receiver_serves_after_the_death_of_the_sender(
    new_station: Callable[..., StationProcess], own_keys: Keys
) -> None:
    """Who got a key before is its source after the first owner was killed.

    One attempt may still be sent to the dead owner, and times out.
    """
    lost, second, third = new_station(3), new_station(1), new_station(2)
    lost.ask("make", "x", 8)
    lost.ask("dev_mset", [own_keys()], ["x"])
    second.ask("make", "r", 0)
    third.ask("make", "t", 0)
    second.ask("dev_mget", [own_keys()], ["r"])

    lost.kill()

    assert _got_by(third, own_keys(), "t") == []
    assert third.ask("values", "t") == [8]
    assert settled(third, "dev_delete", [own_keys()]) == []


def _got_by(station: StationProcess, key: str, name: str) -> object:
    try:
        return station.ask("dev_mget", [key], [name], 2000)
    except RuntimeError as error:
        if "The future is timeout" not in str(error):
            raise
    return station.ask("dev_mget", [key], [name], 2000)


# The last of this file: what it waits for began before the others.
@clause("DEV-LOST-01", MUST, source=EMULATED)
@pytest.mark.timeout(200)
def test_getting_from_a_dead_sender(waiting: StationProcess) -> None:
    """A key of a process that was killed a moment ago is given up after 60 s, as a time-out."""
    with raises_status("The future is timeout", "can't find objects"):
        waiting.answer()
    assert waiting.ask("values", "r") == [0]
