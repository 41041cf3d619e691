"""DEV: device calls of clients at two workers of one cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from yr_conformance.clauses import clause
from yr_conformance.datasystem.clients import Keys
from yr_conformance.datasystem.worker import Worker
from yr_conformance.device.clauses import EMULATED, MUST
from yr_conformance.device.settling import await_gone, settled
from yr_conformance.device.station_process import StationProcess

NEEDS = ("npu", "two-workers")


@pytest.fixture(scope="module")
def far(second_worker: Worker) -> Iterator[StationProcess]:
    """Give a station on NPU 3 at the second worker."""
    station = StationProcess(second_worker.port, 3)
    yield station
    station.end()


@clause("DEV-TWO-01", MUST, source=EMULATED, needs=NEEDS)
def test_host_values_through_the_other_worker(
    client: Any, npu0: StationProcess, far: StationProcess, own_keys: Keys
) -> None:
    """What is stored from an NPU at one worker is loaded at the other, and known there."""
    npu0.ask("make", "x", 5)
    far.ask("make", "r", 0)
    npu0.ask("mset_d2h", [own_keys()], ["x"])

    assert far.ask("mget_h2d", [own_keys()], ["r"], 2000) == []

    assert far.ask("values", "r") == [5]
    assert far.ask("exist", [own_keys()]) == [True]


@clause("DEV-TWO-02", MUST, source=EMULATED, needs=NEEDS)
def test_device_keys_through_the_other_worker(
    npu0: StationProcess, far: StationProcess, own_keys: Keys
) -> None:
    """What is offered at one worker is copied by a client of the other, which may delete it."""
    npu0.ask("make", "x", 6)
    far.ask("make", "r", 0)
    npu0.ask("dev_mset", [own_keys()], ["x"])

    assert far.ask("dev_mget", [own_keys()], ["r"], 2000) == []

    assert far.ask("values", "r") == [6]
    assert settled(far, "dev_delete", [own_keys()]) == []
    await_gone(npu0, own_keys())


@clause("DEV-TWO-03", MUST, source=EMULATED, needs=NEEDS)
def test_sending_to_the_other_worker(
    npu0: StationProcess, far: StationProcess, own_keys: Keys
) -> None:
    """A tensor that is sent at one worker is received at the other."""
    npu0.ask("make", "x", 7)
    far.ask("make", "r", 0)
    far.ask("later", "in", "dev_recv", [own_keys()], ["r"])

    npu0.ask("later", "out", "dev_send", [own_keys()], ["x"])

    assert npu0.ask("wait", "out") == [[]]
    assert far.ask("wait", "in") == [[]]
    assert far.ask("values", "r") == [7]
