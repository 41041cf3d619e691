"""Drivers that share a backend, and every way in which the last of them ends.

first          registers ........ leaves
second            joins, with other settings ....... is killed
detached actor                        ........................ is killed
third                                                    joins ... its program ends
fourth, fifth  the only ones: one is killed, one leaves; at last Ray's head is killed
"""

from __future__ import annotations

from dataclasses import dataclass

from yr_conformance.dialogue import Partner
from yr_conformance.nodes.ray_cluster import RayCluster
from yr_conformance.nodes.record import Record
from yr_conformance.nodes.remains import left_after
from yr_conformance.nodes.situation import pids
from yr_conformance.settings.variables import WORKER_ARGS, WORKER_PORT, Variables
from yr_conformance.transfer.processes import stays

OUTLIVES_S = 5.0
"""Longer than a backend without users lives on."""


@dataclass(frozen=True)
class Joined:
    """What a driver that registers on a live backend is told, and the workers around it."""

    warnings: list[str]
    before: list[int]
    after: list[int]


class Drivers:
    """The steps; a driver takes a tensor from the second node, so that both have a worker."""

    def __init__(self, cluster: RayCluster, settings: Variables) -> None:
        self.cluster = cluster
        # They start at the same time; one that has not registered is no user.
        self.first, self.second = self._new(settings), self._new(other_than(settings))
        self.third, self.killed, self.leaving, self.last = (self._new(settings) for _ in range(4))

    def begin(self) -> list[int]:
        """The first driver registers and transfers."""
        return self._register(self.first).after

    def second_joins(self) -> Joined:
        """The second one joins, and wants other settings."""
        return self._register(self.second)

    def first_leaves(self) -> list[int]:
        """The first one leaves; the second one goes on, and makes a detached actor."""
        self.first.ask("shutdown")
        self.second.ask("keep_alive", self.cluster.hosts[1])
        self.second.ask("get", self.cluster.hosts[1])
        return pids(self.cluster.workers())

    def second_is_killed(self) -> list[int]:
        """The second one is killed; its detached actor, which has registered, stays."""
        before = pids(self.cluster.workers())
        self.second.kill()
        stays(lambda: pids(self.cluster.workers()) == before, "the same workers", OUTLIVES_S)
        return before

    def third_ends(self) -> Joined:
        """A third one joins and ends the detached actor, so that it is the last user."""
        joined = self._register(self.third)
        self.third.ask("end_detached")
        self.third.end()
        return joined

    def gone(self) -> list[str]:
        """Give what is left of the backend."""
        return left_after(self.cluster.backend.remains)

    def only_one_is_killed(self) -> list[str]:
        """A driver that is the only one is killed."""
        self._register(self.killed)
        self.killed.kill()
        return self.gone()

    def only_one_leaves(self) -> list[str]:
        """A driver that is the only one leaves; its process stays."""
        self.leaving.ask("register")
        self.leaving.ask("shutdown")
        return self.gone()

    def head_is_killed(self) -> list[str]:
        """The raylet of Ray's head is killed, under a driver there."""
        self._register(self.last)
        self.cluster.kill(self.cluster.hosts[0])
        return self.gone()

    def _new(self, settings: Variables) -> Partner:
        return self.cluster.driver(self.cluster.hosts[0], settings)

    def _register(self, driver: Partner) -> Joined:
        before = pids(self.cluster.workers())
        warnings = driver.ask("register")
        driver.ask("get", self.cluster.hosts[1])
        return Joined(warnings, before, pids(self.cluster.workers()))


def other_than(settings: Variables) -> Variables:
    """Give settings that a live backend does not take over."""
    arguments = f"{settings[WORKER_ARGS]} --oc_thread_num 7"
    return {**settings, WORKER_PORT: settings[WORKER_PORT] + 1, WORKER_ARGS: arguments}


def share(cluster: RayCluster, settings: Variables) -> Record:
    """Go through all of it on two nodes."""
    record, drivers = Record(), Drivers(cluster, settings)
    for step in (
        drivers.begin,
        drivers.second_joins,
        drivers.first_leaves,
        drivers.second_is_killed,
        drivers.third_ends,
    ):
        record.step(step.__name__, step)
    record.step("gone with the last user", drivers.gone)
    for ending in (drivers.only_one_is_killed, drivers.only_one_leaves, drivers.head_is_killed):
        record.step(ending.__name__, ending)
    return record
