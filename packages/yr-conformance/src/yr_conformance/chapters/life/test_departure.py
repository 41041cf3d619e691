"""LIFE-LEAVE: the loss of the node on which the backend began."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from yr_conformance.chapters.life.clauses import DESIGN, MUST, clause
from yr_conformance.chapters.life.departure import depart
from yr_conformance.faults.fixtures import Row
from yr_conformance.nodes.ray_cluster import RayCluster
from yr_conformance.nodes.record import Record
from yr_conformance.settings.variables import Variables


@pytest.fixture(scope="module")
def cluster(new_cluster: Callable[[int], RayCluster]) -> RayCluster:
    """Three nodes; the backend does not begin on Ray's head."""
    return new_cluster(3)


@pytest.fixture(scope="module")
def departure(cluster: RayCluster, settings: Callable[[], Variables]) -> Record:
    """All of it, once."""
    return depart(cluster, settings())


@clause("LIFE-LEAVE-04", MUST, source=DESIGN)
def test_the_loss_of_the_first_node(departure: Record, fault_row: Row) -> None:
    """When the first node is lost, what it had goes in 10 s; the rest transfers in a minute."""
    trial = departure["node with the metadata killed"]
    fault_row(trial)

    trial.check()


@clause("LIFE-LEAVE-05", MUST, source=DESIGN)
def test_one_worker_for_each_node_that_is_left(departure: Record, cluster: RayCluster) -> None:
    """After the loss of the first node each other node has one worker."""
    assert [worker.host for worker in departure["after"]] == [cluster.hosts[0], cluster.hosts[2]]


@clause("LIFE-LEAVE-06", MUST, source=DESIGN)
def test_the_end_of_a_backend_that_has_lost_its_first_node(departure: Record) -> None:
    """A backend that lost its first node ends in 10 s with its last driver, too."""
    left = departure["ended"]

    assert not left, left
