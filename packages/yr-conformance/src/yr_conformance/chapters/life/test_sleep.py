"""LIFE-SLEEP: a machine that sleeps, as a laptop does, or a virtual machine that is suspended."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from yr_conformance.chapters.life.clauses import DESIGN, MUST, clause
from yr_conformance.faults.fixtures import Row
from yr_conformance.faults.trial import Trial
from yr_conformance.nodes.life_driver import ELEMENTS
from yr_conformance.nodes.ray_cluster import RayCluster
from yr_conformance.nodes.record import Record
from yr_conformance.nodes.situation import Situation
from yr_conformance.settings.variables import Variables

SLEEP_S = 90.0
"""Longer than Ray's nodes and the datasystem's clients may be silent while others are awake."""


class Sleep(Situation):
    """Two nodes, whose actors transfer before and after; all of it stands still in between."""

    def slept(self, trial: Trial) -> Trial:
        """Store an object, sleep, and transfer as soon as that works again."""
        first, second = self.cluster.hosts[:2]
        workers = self.transfers(first, second)
        self.driver.ask("put", "kept", second)
        actors = self.actors(first, second)
        self.cluster.stand_still(SLEEP_S)
        trial.mended()
        trial.recover(lambda: self.transfers_again(first, second))
        if self.actors(first, second) != actors:
            trial.lost.append(f"actors {actors}")
        if len(self.cluster.workers()) != len(workers):
            trial.left.append(f"workers {self.cluster.workers()} after {workers}")
        return trial


@pytest.fixture(scope="module")
def sleep(new_cluster: Callable[[int], RayCluster], settings: Callable[[], Variables]) -> Record:
    """All of it, once."""
    record, cluster = Record(), new_cluster(2)
    sleep = Sleep(cluster, cluster.driver(cluster.hosts[0], settings()))
    sleep.driver.ask("register")
    trial = Trial(f"machine asleep for {SLEEP_S:g} s")
    record.step("slept", sleep.slept, trial)
    record.step("kept", sleep.driver.ask, "read", "kept", cluster.hosts[0])
    return record


@clause("LIFE-SLEEP-01", MUST, source=DESIGN)
def test_transfers_after_a_sleep(sleep: Record, fault_row: Row) -> None:
    """A minute after 90 s of sleep all nodes transfer, by the same actors, one worker each."""
    trial = sleep["slept"]
    fault_row(trial)

    trial.check()


@clause("LIFE-SLEEP-02", MUST, source=DESIGN)
def test_what_was_stored_before_a_sleep(sleep: Record) -> None:
    """An object that was stored before a sleep of 90 s arrives after it."""
    assert sleep["kept"] == ELEMENTS
