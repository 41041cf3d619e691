"""A Ray cluster of a test's own: nodes and drivers in processes that a test may end in any way.

    test --> node keeper --> Ray nodes
         --> drivers ------> their actors

All of it is found again by a mark in its environment, and writes below one directory.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import psutil

from yr_conformance.dialogue import Partner, started
from yr_conformance.living import freeze
from yr_conformance.marked import RAY_VARIABLE
from yr_conformance.nodes import life_driver, node_keeper
from yr_conformance.nodes.remains import Backend
from yr_conformance.settings.attempt import RunningWorker
from yr_conformance.settings.driver_process import loopback_hosts
from yr_conformance.settings.running import workers_among
from yr_conformance.settings.variables import OURS
from yr_conformance.transfer.ray_agents import AGENTS
from yr_conformance.transfer.ray_session import (
    RAY_ENVIRONMENT,
    check_nothing_runs,
    marked_processes,
)

_HOSTS: Final = 9
_RAY: Final = {
    **RAY_ENVIRONMENT,
    "RAY_health_check_initial_delay_ms": "500",
    "RAY_health_check_period_ms": "500",
}
"""By default Ray believes for 15 s that a node lives whose raylet was killed."""


class RayCluster:
    """Nodes at addresses of their own, and drivers; made by `ray_cluster`."""

    def __init__(
        self,
        mark: str,
        directory: str,
        stack: contextlib.ExitStack,
        hosts: Sequence[str],
        through: Sequence[str],
    ) -> None:
        self.hosts = list(hosts)
        self.backend = Backend(mark, directory)
        self._mark, self._directory, self._stack = mark, directory, stack
        self._keepers: list[Partner] = []
        self.keeper = self.new_keeper(through)
        self.address = ""

    def new_keeper(self, through: Sequence[str]) -> Partner:
        """Start a process that keeps nodes; `through` as in `started`."""
        name = f"keeper-{len(self._keepers)}"
        keeper = self._start(name, [node_keeper.__name__], {}, through)
        self._keepers.append(keeper)
        keeper.wait_ready()
        return keeper

    def add(self, *hosts: str) -> None:
        """Start nodes; the very first is the head."""
        if not self.address:
            self.address, hosts = self.keeper.ask("head", hosts[0]), hosts[1:]
        self.keeper.ask("add", self.address, hosts)

    def remove(self, host: str) -> None:
        """End a node in order."""
        self.keeper.ask("remove", host)

    def kill(self, host: str) -> None:
        """End the raylet of a node as a crash would."""
        self.keeper.ask("kill", host)

    def stand_still(self, seconds: float) -> None:
        """Let no process of it run for so long: nodes, drivers, actors, workers."""
        processes = marked_processes(self._mark)
        try:
            for process in processes:
                with contextlib.suppress(ProcessLookupError):
                    freeze(process.pid)
            time.sleep(seconds)
        finally:
            for process in processes:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.resume()

    def driver(
        self, host: str, settings: Mapping[str, Any], through: Sequence[str] = ()
    ) -> Partner:
        """Start a driver at a node, with these variables of ours; not registered yet."""
        texts = {name: str(value) for name, value in settings.items()}
        command = [life_driver.__name__, self.address, host]
        return self._start(f"driver-{uuid.uuid4().hex[:4]}", command, texts, through)

    def workers(self) -> list[RunningWorker]:
        """Look at the datasystem workers that run, in the order of their addresses."""
        return workers_among(marked_processes(self._mark))

    def worker_at(self, host: str) -> RunningWorker:
        """Give the worker of a node; AssertionError if there is not exactly one."""
        found = [worker for worker in self.workers() if worker.host == host]
        assert len(found) == 1, f"workers at {host}: {found}"
        return found[0]

    def close(self) -> None:
        """End all nodes, and what of Ray outlives them, whatever else still does."""
        for keeper in reversed(self._keepers):
            keeper.end()
        for process in marked_processes(self._mark):
            with contextlib.suppress(psutil.Error):
                if any(agent in " ".join(process.cmdline()) for agent in AGENTS):
                    process.kill()

    def _start(
        self, name: str, command: list[str], settings: Mapping[str, str], through: Sequence[str]
    ) -> Partner:
        home = os.path.join(self._directory, name)
        os.mkdir(home)
        inherited = {key: value for key, value in os.environ.items() if key not in OURS}
        own = {RAY_VARIABLE: self._mark, "TMPDIR": self._directory}
        environment = {**inherited, **_RAY, **settings, **own}
        return Partner(*self._stack.enter_context(started(command, environment, home, through)))


@contextlib.contextmanager
def ray_cluster(
    parent: str, count: int, hosts: Sequence[str] = (), through: Sequence[str] = ()
) -> Iterator[RayCluster]:
    """Start so many nodes; at the end nothing of it runs and its directory is gone.

    By default the nodes are on loopback. With a count of 0 there is no node yet.
    """
    mark = uuid.uuid4().hex
    directory = tempfile.mkdtemp(prefix="n-", dir=parent)
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        stack.callback(check_nothing_runs, mark)
        addresses = hosts or loopback_hosts(_HOSTS)
        cluster = RayCluster(mark, directory, stack, addresses, through)
        stack.callback(cluster.close)
        if count:
            cluster.add(*cluster.hosts[:count])
        yield cluster
