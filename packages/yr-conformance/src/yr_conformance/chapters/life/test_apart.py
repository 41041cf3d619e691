"""LIFE-CLEAN and LIFE-SECOND: `ray stop`, and clusters that share nothing but the machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from yr_conformance.chapters.life.clauses import DESIGN, GUIDE, MUST, clause
from yr_conformance.nodes import stopped
from yr_conformance.settings.backend import SENT
from yr_conformance.settings.driver_process import DriverProcess, driver_at, loopback_hosts
from yr_conformance.settings.variables import Variables


@pytest.fixture(scope="module")
def neighbours(
    process_mark: str, process_home: str, settings: Callable[[], Variables]
) -> Iterator[tuple[DriverProcess, DriverProcess]]:
    """Two drivers, each with a Ray cluster of its own, on one host with different ports."""
    host = loopback_hosts(1)
    with driver_at(host, process_home) as one, driver_at(host, process_home) as other:
        for driver in (one, other):
            driver.register(settings()).check_started()
        yield one, other


@clause("LIFE-SECOND-06", MUST, source=GUIDE)
def test_two_clusters_on_one_host(neighbours: tuple[DriverProcess, DriverProcess]) -> None:
    """Of two Ray clusters on one host, with ports of their own, one ends without the other."""
    one, other = neighbours
    received, (worker,) = other.ask("transfer"), other.workers()
    assert one.ask("transfer") == received == SENT

    left = one.ask("cleanup")

    assert left == []
    assert other.workers() == [worker]
    assert other.ask("transfer") == SENT


@clause("LIFE-CLEAN-08", MUST, source=DESIGN)
def test_ray_stop(process_mark: str, process_home: str, settings: Callable[[], Variables]) -> None:
    """In 10 s from `ray stop` nothing of the backend is left on this machine."""
    if reason := stopped.why_not():
        pytest.skip(f"`ray stop` would end every Ray process of this machine: {reason}")

    seen = stopped.run(process_home, settings())

    assert any(one.startswith("port ") for one in seen.before), seen
    assert seen.left == [], seen
