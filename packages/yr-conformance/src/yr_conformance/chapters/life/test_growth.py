"""LIFE-START, LIFE-JOIN, LIFE-LEAVE: each node has a worker from its first use to its end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from yr_conformance.chapters.life.clauses import DESIGN, GUIDE, MUST, clause
from yr_conformance.chapters.life.growth import grow
from yr_conformance.faults.fixtures import Row
from yr_conformance.nodes.ray_cluster import RayCluster
from yr_conformance.nodes.record import Record
from yr_conformance.nodes.situation import pids
from yr_conformance.settings.variables import Variables


@pytest.fixture(scope="module")
def cluster(new_cluster: Callable[[int], RayCluster]) -> RayCluster:
    """Three nodes, to which a fourth one comes."""
    return new_cluster(3)


@pytest.fixture(scope="module")
def growth(cluster: RayCluster, settings: Callable[[], Variables]) -> Record:
    """All of it, once."""
    return grow(cluster, settings())


@clause("LIFE-START-01", MUST, source=GUIDE)
def test_a_worker_when_the_driver_registers(growth: Record, cluster: RayCluster) -> None:
    """When the driver has registered, the worker of its node runs, and no other one yet."""
    assert [worker.host for worker in growth["registered"]] == cluster.hosts[:1]


@clause("LIFE-START-02", MUST, source=GUIDE)
def test_a_tensor_from_each_node_to_each(growth: Record, cluster: RayCluster) -> None:
    """A tensor goes from each of three nodes to each, through a worker of each node's own."""
    assert [worker.host for worker in growth["each to each"]] == cluster.hosts[:3]


@clause("LIFE-START-03", MUST, source="design: no call to the coordinator in the steady state")
@pytest.mark.parametrize("moment", ["asked", "asked after the join"])
def test_who_asks_the_coordinator(growth: Record, moment: str) -> None:
    """Each process asks the coordinator for its worker once, and never again for a transfer."""
    asked = growth[moment]

    assert asked.first == asked.second == asked.processes, asked


@clause("LIFE-JOIN-01", MUST, source=GUIDE)
def test_a_node_that_joins_takes_part(growth: Record, cluster: RayCluster) -> None:
    """A node that joins later gets a worker before its first transfer, from and to each other."""
    _, after = growth["joined"]

    assert [worker.host for worker in after] == cluster.hosts[:4]


@clause("LIFE-JOIN-02", MUST, source=DESIGN)
def test_a_node_that_joins_disturbs_nobody(growth: Record) -> None:
    """A node that joins gets no worker before it needs one, and no other worker changes."""
    before, after = growth["joined"]

    assert pids(before) == pids(growth["each to each"])
    assert pids(after)[:3] == pids(before)


@clause("LIFE-LEAVE-01", MUST, source=DESIGN)
def test_a_node_that_leaves_in_order(growth: Record, fault_row: Row) -> None:
    """Of a node that leaves, worker, reaper, directory and ports go in 10 s; others transfer."""
    trial = growth["node leaves in order"]
    fault_row(trial)

    trial.check()


@clause("LIFE-LEAVE-02", MUST, source=DESIGN)
def test_a_node_that_is_killed(growth: Record, fault_row: Row) -> None:
    """After kill -9 of a raylet, what its node had goes in 10 s, and the others transfer."""
    trial = growth["node killed"]
    fault_row(trial)

    trial.check()


@clause("LIFE-LEAVE-03", MUST, source=DESIGN)
def test_the_workers_of_other_nodes_stay(growth: Record) -> None:
    """No node's end changes the worker of another node."""
    assert pids(growth["workers at last"]) == pids(growth["each to each"])[:2]


@clause("LIFE-CLEAN-01", MUST, source=GUIDE)
def test_cleanup_from_any_driver_any_number_of_times(growth: Record) -> None:
    """cleanup_yr_resources() in any driver, twice as well, leaves nothing on any node."""
    left = growth["cleaned"]

    assert not left, left


@clause("LIFE-CLEAN-02", MUST, source=GUIDE)
def test_to_register_after_a_cleanup(growth: Record, cluster: RayCluster) -> None:
    """After a cleanup, by whomever, a driver may register again, and all nodes transfer."""
    after = growth["registered again"]

    assert [worker.host for worker in after] == cluster.hosts[:2]
    assert not set(pids(after)) & set(pids(growth["each to each"]))


@clause("LIFE-CLEAN-09", MUST, source=GUIDE)
def test_cleanup_from_two_drivers_at_once(growth: Record) -> None:
    """Two drivers that clean up at the same time both come back, and nothing is left."""
    left = growth["cleaned at once"]

    assert not left, left


@clause("LIFE-CLEAN-10", MUST, source=DESIGN)
def test_cleanup_under_transfers(growth: Record) -> None:
    """A transfer that a cleanup interrupts arrives whole or is an error; no actor ends by it."""
    interrupted = growth["cleaned under transfers"]

    assert set(interrupted.outcomes) <= {"arrived", "failed"}, interrupted.outcomes
    assert interrupted.same_actors


@clause("LIFE-CLEAN-11", MUST, source=DESIGN)
def test_what_a_cleanup_under_transfers_leaves(growth: Record) -> None:
    """A cleanup under transfers leaves nothing, and its driver may register again."""
    left = growth["cleaned under transfers"].left

    assert not left, left
    assert growth["registered at last"]
