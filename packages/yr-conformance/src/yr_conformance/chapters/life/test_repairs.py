"""LIFE-RESTART: whatever of a backend is killed comes back unasked, and the rest stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from yr_conformance.chapters.life.clauses import DESIGN, MUST, clause
from yr_conformance.chapters.life.repairs import repair
from yr_conformance.etcd.server import Etcd
from yr_conformance.faults.fixtures import Row
from yr_conformance.nodes.ray_cluster import RayCluster
from yr_conformance.nodes.record import Record
from yr_conformance.settings.variables import Variables


@pytest.fixture(scope="module")
def repairs(
    new_cluster: Callable[[int], RayCluster], own_settings: Variables, own_etcd: Etcd | None
) -> Record:
    """All of it, once; in etcd mode with an etcd that may be stopped."""
    return repair(new_cluster(2), own_settings, own_etcd)


@clause("LIFE-RESTART-01", MUST, source=DESIGN)
@pytest.mark.parametrize("part", ["worker", "worker with the metadata", "reaper", "supervisor"])
def test_a_part_that_is_killed(repairs: Record, fault_row: Row, part: str) -> None:
    """After kill -9 of a part of a node's backend, a worker is started unasked, actors stay."""
    trial = repairs[f"{part} killed"]
    fault_row(trial)

    trial.check()


@clause("LIFE-RESTART-05", MUST, source=DESIGN)
@pytest.mark.parametrize(
    "parts",
    [
        "worker and supervisor",
        "worker and coordinator",
        "reaper and supervisor",
        "supervisor and coordinator",
    ],
)
def test_two_parts_that_are_killed_at_once(repairs: Record, fault_row: Row, parts: str) -> None:
    """After kill -9 of two parts at once, actors stay and transfer, through another worker."""
    trial = repairs[f"{parts} killed"]
    fault_row(trial)

    trial.check()


@clause("LIFE-RESTART-02", MUST, source=DESIGN)
def test_a_coordinator_that_is_killed(repairs: Record, fault_row: Row) -> None:
    """After kill -9 of the coordinator, workers and stored objects stay; new actors transfer."""
    trial = repairs["coordinator killed"]
    fault_row(trial)

    trial.check()


@clause("LIFE-RESTART-03", MUST, source=DESIGN)
def test_the_settings_after_the_coordinator_s_death(repairs: Record) -> None:
    """A node that joins after the coordinator was killed gets a worker with the same settings."""
    own, other = repairs["joined afterwards"]

    assert own == other


@clause("LIFE-RESTART-04", MUST, source=DESIGN)
def test_an_etcd_that_is_restarted(repairs: Record, fault_row: Row, own_etcd: Etcd | None) -> None:
    """An etcd that is stopped and started again costs no worker; all nodes transfer again."""
    if own_etcd is None or not own_etcd.may_be_hurt:
        pytest.skip("there is no etcd that could be stopped")
    trial = repairs["etcd restarted under a backend"]
    fault_row(trial)

    trial.check()


@clause("LIFE-CLEAN-03", MUST, source="design: keys of a dead actor go after the driver's time")
def test_what_a_killed_actor_has_stored(repairs: Record) -> None:
    """After kill -9 of an actor its objects stay for the grace period and are deleted then."""
    at_once, later = repairs["actor killed"]

    assert at_once
    assert not later
