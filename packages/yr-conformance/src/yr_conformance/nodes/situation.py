"""One driver on a cluster, its transfers, and what a fault does to both."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from yr_conformance.dialogue import Partner
from yr_conformance.fair_time import Stopwatch
from yr_conformance.faults.trial import Trial
from yr_conformance.nodes.life_driver import ELEMENTS
from yr_conformance.nodes.ray_cluster import RayCluster
from yr_conformance.nodes.remains import GONE_S, left_after
from yr_conformance.settings.attempt import RunningWorker


class Situation:
    """What the experiments of the chapter have in common."""

    def __init__(self, cluster: RayCluster, driver: Partner) -> None:
        self.cluster, self.driver = cluster, driver

    def transfers(self, *hosts: str) -> list[RunningWorker]:
        """Transfer from each to each of these nodes; gives the workers that run then."""
        check_sums(self.driver, hosts)
        return self.cluster.workers()

    def transfers_again(self, *hosts: str) -> bool:
        """Tell whether transfers among these nodes succeed."""
        return not self.driver.ask("transfer_error", hosts)

    def actors(self, *hosts: str) -> list[int]:
        """Give the processes that transfer at these nodes."""
        return [self.driver.ask("pid_of_peer", host) for host in hosts]

    def tries(self, trial: Trial, what: str, limit_s: float, name: str, *arguments: str) -> bool:
        """Note what the driver sees of one of its calls during a fault; whether it succeeded."""
        watch = Stopwatch()
        error = self.driver.ask("error_of", name, arguments)
        trial.note(what, error, watch.read(), limit_s)
        return not error

    def is_lost(self, trial: Trial, host: str, end: Callable[[str], None], *rest: str) -> Trial:
        """End a node, see that what was there of the backend goes, and transfer among the rest.

        A transfer counts once nothing is there: a worker may outlive its Ray node for a moment.
        """
        backend = self.cluster.backend
        place = backend.place_of(self.cluster.worker_at(host))
        end(host)
        trial.mended()
        with watched(trial, lambda: backend.remains_of(place)):
            trial.recover(lambda: not backend.remains_of(place) and self.transfers_again(*rest))
        return trial


def check_sums(driver: Partner, hosts: tuple[str, ...]) -> None:
    """Assert that a tensor from each node arrives whole at each."""
    sums = driver.ask("sums", hosts)
    expected = [float(ELEMENTS * number) for number in range(len(hosts))] * len(hosts)
    assert sums == expected, sums


@contextlib.contextmanager
def watched(trial: Trial, look: Callable[[], list[str]], seconds: float = GONE_S) -> Iterator[None]:
    """Look from now on, beside the block, whether all goes in time; what does not is left."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        left = pool.submit(left_after, look, seconds)
        yield
        trial.left = left.result()


def pids(workers: Any) -> list[int]:
    """Give the processes of workers."""
    return [worker.pid for worker in workers]
