"""A cluster that grows and shrinks under one driver, and is cleaned up by another one.

nodes 1 2 3   each to each   4 joins   4 leaves   3 is killed   cleanup   register again
              cleanup by both drivers at once   again   cleanup under transfers   again
"""

from __future__ import annotations

import collections
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from yr_conformance.dialogue import Partner
from yr_conformance.faults.trial import Trial
from yr_conformance.nodes.ray_cluster import RayCluster
from yr_conformance.nodes.record import Record
from yr_conformance.nodes.remains import left_after
from yr_conformance.nodes.situation import Situation
from yr_conformance.settings.attempt import RunningWorker
from yr_conformance.settings.variables import Variables


@dataclass(frozen=True)
class Asked:
    """How often processes had asked the coordinator, after a first and a second transfer."""

    first: int
    second: int
    processes: int


@dataclass(frozen=True)
class Interrupted:
    """How transfers ended that a cleanup interrupted, by outcome, and what was there then."""

    outcomes: Mapping[str, int]
    left: list[str]
    same_actors: bool


class Growth(Situation):
    """The steps; each gives what its clauses look at."""

    def asked(self, *hosts: str) -> Asked:
        """Transfer again, and see who has asked."""
        self.driver.ask("get", hosts[0])
        before = self.driver.ask("questions")
        self.transfers(*hosts)
        self.driver.ask("get", hosts[0])
        return Asked(before, self.driver.ask("questions"), len(hosts) + 1)

    def joined(self, *hosts: str) -> tuple[list[RunningWorker], list[RunningWorker]]:
        """Let the last of these join; gives the workers before and after its first transfer."""
        self.cluster.add(hosts[-1])
        return self.cluster.workers(), self.transfers(*hosts)

    def cleaned_twice(self, other: Partner) -> list[str]:
        """Clean up from another driver, twice; gives what is left."""
        for _ in range(2):
            other.ask("cleanup")
        return left_after(self.cluster.backend.remains)

    def cleaned_at_once(self, other: Partner) -> list[str]:
        """Clean up from both drivers at the same time; gives what is left."""
        with ThreadPoolExecutor(max_workers=2) as pool:
            for cleaned in [pool.submit(one.ask, "cleanup") for one in (self.driver, other)]:
                cleaned.result()
        return left_after(self.cluster.backend.remains)

    def cleaned_under_transfers(self, *hosts: str) -> Interrupted:
        """Clean up from the driver whose actors transfer."""
        self.registered_again(*hosts)
        before = self.actors(*hosts)
        outcomes = collections.Counter(self.driver.ask("clean_up_under_transfers", hosts))
        left = left_after(self.cluster.backend.remains)
        after = self.actors(*hosts)
        return Interrupted(outcomes, left, before == after)

    def registered_again(self, *hosts: str) -> list[RunningWorker]:
        """Register after the cleanup, and transfer."""
        self.driver.ask("forget")
        self.driver.ask("register")
        return self.transfers(*hosts)


def grow(cluster: RayCluster, settings: Variables) -> Record:
    """Go through all of it on a cluster of three nodes."""
    record, (first, second, third, fourth) = Record(), cluster.hosts[:4]
    growth = Growth(cluster, cluster.driver(first, settings))
    other = cluster.driver(second, settings)
    growth.driver.ask("register")
    record.step("registered", cluster.workers)
    record.step("each to each", growth.transfers, first, second, third)
    record.step("asked", growth.asked, first, second, third)
    record.step("joined", growth.joined, first, second, third, fourth)
    record.step("asked after the join", growth.asked, first, second, third, fourth)
    left = Trial("node leaves in order")
    record.step(left.fault, growth.is_lost, left, fourth, cluster.remove, first, second, third)
    killed = Trial("node killed")
    record.step(killed.fault, growth.is_lost, killed, third, cluster.kill, first, second)
    record.step("workers at last", cluster.workers)
    record.step("cleaned", growth.cleaned_twice, other)
    record.step("registered again", growth.registered_again, first, second)
    record.step("cleaned at once", growth.cleaned_at_once, other)
    record.step("cleaned under transfers", growth.cleaned_under_transfers, first, second)
    record.step("registered at last", growth.registered_again, first, second)
    return record
