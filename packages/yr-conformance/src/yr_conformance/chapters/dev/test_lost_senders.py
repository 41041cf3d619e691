"""DEV: senders that die while others have, want or may want their tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from yr_conformance.datasystem.clients import Keys
from yr_conformance.datasystem.statuses import raises_status
from yr_conformance.device.clauses import EMULATED, MUST, clause
from yr_conformance.device.settling import await_gone, settled
from yr_conformance.device.station_process import StationProcess
from yr_conformance.fair_time import Stopwatch

GIVEN_UP_S: Final = 60.0


@clause("DEV-LOST-01", MUST, source=EMULATED)
@pytest.mark.timeout(200)
def test_getting_from_a_dead_sender(
    new_station: Callable[..., StationProcess], own_keys: Keys
) -> None:
    """A key of a process that was killed a moment ago is given up after 60 s, as a time-out."""
    lost, waiting = new_station(3), new_station(2)
    lost.ask("make", "x", 1)
    lost.ask("dev_mset", [own_keys()], ["x"])
    waiting.ask("make", "r", 0)

    lost.kill()
    watch = Stopwatch()

    with raises_status("The future is timeout", "can't find objects"):
        waiting.ask("dev_mget", [own_keys()], ["r"], 500)
    assert watch.read().real_s > GIVEN_UP_S - 1
    assert waiting.ask("values", "r") == [0]


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
