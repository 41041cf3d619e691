"""LIFE-FIRST: the first program of a newcomer, who has set no variable and reads no log."""

from __future__ import annotations

import pytest

from yr_conformance.chapters.life.clauses import GUIDE, MUST, clause
from yr_conformance.nodes import network_card, newcomer, stopped

WEIGHTS = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


@pytest.fixture(autouse=True)
def _machines() -> None:
    if reason := network_card.why_not() or stopped.why_not():
        pytest.skip(f"no machine of its own for the program: {reason}")


def check(seen: newcomer.Seen, node: str) -> None:
    """Check what arrived, and that Ray was where it would be on such a machine."""
    assert (seen.node, seen.by_driver, seen.by_actor) == (node, WEIGHTS, sum(WEIGHTS))


@clause("LIFE-FIRST-01", MUST, source=GUIDE)
def test_a_machine_with_a_network_card(process_mark: str, process_home: str) -> None:
    """`ray.init()`, a registration and a transfer work where Ray takes a network card's address."""
    seen = newcomer.run(process_home, network_card.with_a_card())

    check(seen, network_card.ADDRESS)


@clause("LIFE-FIRST-02", MUST, source=GUIDE)
def test_a_machine_without_a_network_card(process_mark: str, process_home: str) -> None:
    """The same where there is loopback only."""
    seen = newcomer.run(process_home, network_card.without_a_card())

    check(seen, "127.0.0.1")


@clause("LIFE-FIRST-03", MUST, source=GUIDE)
def test_a_cluster_that_ray_start_has_started(process_mark: str, process_home: str) -> None:
    """The same in a driver that joins a cluster of `ray start --head`."""
    seen = newcomer.run(process_home, network_card.with_a_card(), "joined")

    check(seen, network_card.ADDRESS)


@clause("LIFE-FIRST-04", MUST, source=GUIDE)
def test_nobody_has_registered(process_mark: str, process_home: str) -> None:
    """A class whose module imports the package is enough: its first call starts the backend."""
    seen = newcomer.run(process_home, network_card.with_a_card(), "unregistered")

    check(seen, network_card.ADDRESS)
    assert "the YR backend is started now" in seen.log


@clause("LIFE-FIRST-05", MUST, source=GUIDE)
def test_a_runtime_env_that_replaces_paths(process_mark: str, process_home: str) -> None:
    """Actors whose runtime_env sets PYTHONPATH and PATH use the datasystem that the driver uses."""
    seen = newcomer.run(process_home, network_card.with_a_card(), "replaced")

    check(seen, network_card.ADDRESS)


@clause("LIFE-FIRST-06", MUST, source="measured: Ray 2.60 and openyuanrong-datasystem 0.8.1 do it")
def test_a_machine_with_an_ipv6_address_only(process_mark: str, process_home: str) -> None:
    """The first program works where the network card has no other address than one of IPv6."""
    if reason := network_card.why_no_ipv6():
        pytest.skip(f"no IPv6 here: {reason}")
    seen = newcomer.run(process_home, network_card.with_an_ipv6_card())

    check(seen, network_card.IPV6_ADDRESS)
