"""Every part of a backend killed, on two nodes whose actors stay the same.

worker    of either node          reaper, supervisor    of the second node
actor     with a stored object    coordinator, etcd     while objects are stored
two       of worker, reaper, supervisor and coordinator at once
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from yr_conformance.etcd.server import Etcd
from yr_conformance.faults.trial import Trial
from yr_conformance.living import kill
from yr_conformance.nodes.life_driver import COORDINATOR
from yr_conformance.nodes.ray_cluster import RayCluster
from yr_conformance.nodes.record import Record
from yr_conformance.nodes.remains import Place
from yr_conformance.nodes.situation import Situation, watched
from yr_conformance.settings.attempt import RunningWorker
from yr_conformance.settings.variables import Variables
from yr_conformance.waiting import wait_until

TRANSFER_S = 30.0
Victims = Sequence[Callable[[Place], int]]


class Repairs(Situation):
    """The experiments; each leaves the backend as it was."""

    def parts_killed(
        self, trial: Trial, host: str, victims: Victims, *, unasked: bool = True
    ) -> Trial:
        """Kill processes of a node's backend at once; another worker comes, `unasked` or not."""
        backend, old = self.cluster.backend, self.cluster.worker_at(host)
        place = backend.place_of(old)
        # Another worker listens at the same address.
        files_and_processes = dataclasses.replace(place, listens=())
        actors = self.actors(*self.cluster.hosts[:2])
        kill(*(victim(place) for victim in victims))
        trial.mended()
        with watched(trial, lambda: backend.remains_of(files_and_processes)):
            if unasked:
                wait_until(lambda: self._serves(host, old), f"another worker at {host}")
            trial.recover(lambda: self.transfers_again(*self.cluster.hosts[:2]))
        trial.left += self._surplus()
        assert self.actors(*self.cluster.hosts[:2]) == actors, f"other actors than {actors}"
        return trial

    def coordinator_killed(self, trial: Trial) -> Trial:
        """Kill the coordinator while an object is stored, and let new processes ask it."""
        first, second = self.cluster.hosts[:2]
        self.driver.ask("put", "kept", second)
        before = self.cluster.workers()
        kill(self.driver.ask("parts")[COORDINATOR])
        trial.mended()
        assert self.tries(trial, "read", TRANSFER_S, "read", "kept", first), trial.seen
        for host in (first, second):
            self.driver.ask("renew", host)
        trial.recover(lambda: self.transfers_again(first, second))
        trial.left = [] if self.cluster.workers() == before else [f"other workers than {before}"]
        return trial

    def joined_afterwards(self, host: str) -> tuple[dict[str, str], dict[str, str]]:
        """Let a node join; gives the settings of its worker and of another node's."""
        self.cluster.add(host)
        second = self.cluster.hosts[1]
        self.transfers(second, host)
        own, other = (self._settings_of(self.cluster.worker_at(one)) for one in (host, second))
        return own, other

    def etcd_restarted(self, trial: Trial, etcd: Etcd) -> Trial:
        """Stop etcd, transfer, and start it again."""
        first, second = self.cluster.hosts[:2]
        before = self.cluster.workers()
        etcd.kill()
        try:
            self.tries(trial, "transfer", TRANSFER_S, "get", first)
        finally:
            etcd.restart()
        trial.mended()
        trial.recover(lambda: self.transfers_again(first, second))
        trial.left = [] if self.cluster.workers() == before else [f"other workers than {before}"]
        return trial

    def actor_killed(self, host: str) -> tuple[bool, bool]:
        """Kill an actor whose object is stored; whether its key is there at once, and later."""
        address = self.cluster.worker_at(host).address
        keys = self.driver.ask("put", "orphan", host)
        kill(*self.actors(host))
        at_once = self.driver.ask("exist", address, keys)
        self.driver.ask("renew", host)
        wait_until(lambda: not self.driver.ask("exist", address, keys), f"{keys} are gone")
        return at_once, self.driver.ask("exist", address, keys)

    def _serves(self, host: str, old: RunningWorker) -> bool:
        return any(
            worker.host == host and worker.pid != old.pid and worker.address in worker.listens
            for worker in self.cluster.workers()
        )

    def _surplus(self) -> list[str]:
        """Name workers beyond one for each node."""
        workers = self.cluster.workers()
        return [] if len({one.host for one in workers}) == len(workers) else [f"workers {workers}"]

    def _settings_of(self, worker: RunningWorker) -> dict[str, str]:
        """Give the flags that do not depend on the node."""
        own = (worker.host, self.cluster.backend.place_of(worker).home)
        flags = worker.flags.items()
        return {name: value for name, value in flags if not any(one in value for one in own)}


def repair(cluster: RayCluster, settings: Variables, etcd: Etcd | None) -> Record:
    """Carry out all of it on a cluster of two nodes; the first one keeps the metadata."""
    record, (first, second, third) = Record(), cluster.hosts[:3]
    repairs = Repairs(cluster, cluster.driver(first, settings))
    repairs.driver.ask("register")
    repairs.transfers(first, second)
    _kill_parts(repairs, record)
    coordinator = Trial("coordinator killed")
    record.step(coordinator.fault, repairs.coordinator_killed, coordinator)
    record.step("joined afterwards", repairs.joined_afterwards, third)
    if etcd is not None and etcd.may_be_hurt:
        trial = Trial("etcd restarted under a backend")
        record.step(trial.fault, repairs.etcd_restarted, trial, etcd)
    record.step("actor killed", repairs.actor_killed, second)
    return record


def _kill_parts(repairs: Repairs, record: Record) -> None:
    first, second = repairs.cluster.hosts[:2]

    def supervisor(_: Place) -> int:
        return int(repairs.driver.ask("parts")[second])

    def coordinator(_: Place) -> int:
        return int(repairs.driver.ask("parts")[COORDINATOR])

    parts: dict[str, tuple[str, Victims]] = {
        "worker": (second, [_worker]),
        "worker with the metadata": (first, [_worker]),
        "reaper": (second, [_reaper]),
        "supervisor": (second, [supervisor]),
        "worker and supervisor": (second, [_worker, supervisor]),
        "worker and coordinator": (second, [_worker, coordinator]),
        "reaper and supervisor": (second, [_reaper, supervisor]),
    }
    for name, (host, victims) in parts.items():
        trial = Trial(f"{name} killed")
        record.step(trial.fault, repairs.parts_killed, trial, host, victims)
    # A new coordinator looks after the nodes whose supervisors it finds, and of this it finds none.
    trial, victims = Trial("supervisor and coordinator killed"), [supervisor, coordinator]
    record.step(trial.fault, lambda: repairs.parts_killed(trial, second, victims, unasked=False))


def _worker(place: Place) -> int:
    return place.worker


def _reaper(place: Place) -> int:
    return place.reaper
