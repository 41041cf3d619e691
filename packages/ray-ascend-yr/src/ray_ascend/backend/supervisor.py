"""The actor that owns the datasystem worker of one Ray node and cleans up after dead processes.

coordinator --start/stop--> supervisor --reaper--> worker
                                |  every few seconds
                                +--> ledgers of dead processes: delete their keys
                                +--> is there still a coordinator? else end
"""

from __future__ import annotations

import logging
import os
import threading
import time
from dataclasses import dataclass, replace
from typing import Any

import ray

from ray_ascend.backend.config import BackendConfig
from ray_ascend.backend.placement import Placement
from ray_ascend.backend.worker_command import free_port
from ray_ascend.backend.worker_process import WorkerProcess
from ray_ascend.errors import RayAscendError
from ray_ascend.store.actor_names import COORDINATOR, NAMESPACE
from ray_ascend.store.clients import client_of, npu_client_of
from ray_ascend.store.endpoint import WorkerEndpoint
from ray_ascend.store.ledger import Orphan, orphans
from ray_ascend.store.npu_keys import is_npu_key

logger = logging.getLogger(__name__)

_LONGEST_SWEEP_PERIOD_S = 5.0
_LOOK_PERIOD_S = 2.0
_LOOKS_IN_VAIN = 2


@dataclass(frozen=True)
class SupervisedWorker:
    """What a supervisor keeps, and what it was told when that was started."""

    endpoint: WorkerEndpoint
    placement: Placement


class Supervisor:
    """Runs on the node it is responsible for, without reserving a CPU; called by the coordinator.

    Its worker dies with it. It lives on while Ray starts a coordinator again, and ends itself when
    there is none any more.
    """

    def __init__(self) -> None:
        self._worker: WorkerProcess | None = None
        self._supervised: SupervisedWorker | None = None
        self._starting = threading.Lock()
        Lifeline(self, ray.get_runtime_context().current_actor).start()

    def host(self) -> str:
        """Give the address of this node, at which its worker listens."""
        return str(ray.util.get_node_ip_address())

    def worker(self) -> SupervisedWorker | None:
        """Tell which worker is kept here, dead or alive; waits for nothing."""
        return self._supervised

    def start(self, config: BackendConfig, placement: Placement) -> WorkerEndpoint:
        """Start the worker unless it lives and is that of the placement; BackendStartError."""
        with self._starting:
            kept = self._supervised
            if kept and self.alive() and kept.placement.belongs_with(placement):
                return kept.endpoint
            return self._start_anew(config, placement)

    def _start_anew(self, config: BackendConfig, placement: Placement) -> WorkerEndpoint:
        self.stop()
        host = self.host()
        placement = replace(placement, port=placement.port or free_port(host))
        self._worker = WorkerProcess(config, placement, host)
        self._worker.wait_started()
        endpoint = WorkerEndpoint(
            node_id=ray.get_runtime_context().get_node_id(),
            host=host,
            port=placement.port,
            home=self._worker.home,
            pid=self._worker.pid,
        )
        self._supervised = SupervisedWorker(endpoint, placement)
        Sweeper(endpoint, config.dead_actor_grace_s, self._worker).start()
        return endpoint

    def alive(self) -> bool:
        """Tell whether the worker process runs."""
        return self._worker is not None and self._worker.alive

    def stop(self) -> None:
        """Stop the worker, if any, and remove its directory."""
        if self._worker is not None:
            self._worker.stop()
        self._worker = self._supervised = None


class Lifeline(threading.Thread):
    """Ends a supervisor, with its worker, once the backend has no coordinator any more."""

    def __init__(self, supervisor: Supervisor, actor: Any) -> None:
        super().__init__(name="yr-lifeline", daemon=True)
        self._supervisor, self._actor = supervisor, actor

    def run(self) -> None:
        """Look every few seconds; one that Ray is just starting again is there."""
        in_vain = 0
        while in_vain < _LOOKS_IN_VAIN:
            time.sleep(_LOOK_PERIOD_S)
            in_vain = 0 if _has_coordinator() else in_vain + 1
        logger.warning("the YR backend has no coordinator any more: its worker on this node ends")
        self._supervisor.stop()
        ray.kill(self._actor)


def _has_coordinator() -> bool:
    try:
        ray.get_actor(COORDINATOR, namespace=NAMESPACE)
    except ValueError:
        return False
    except ray.exceptions.RayError as error:
        logger.warning("Ray does not say whether the YR backend has a coordinator: %s", error)
    return True


class Sweeper(threading.Thread):
    """Deletes the keys of processes that died, once nobody can be waiting for them any more."""

    def __init__(self, endpoint: WorkerEndpoint, grace_s: float, worker: WorkerProcess) -> None:
        super().__init__(name="yr-sweeper", daemon=True)
        self._endpoint, self._grace_s, self._worker = endpoint, grace_s, worker
        self._died_at: dict[str, float] = {}

    def run(self) -> None:
        """Sweep for as long as the worker lives."""
        period = max(0.1, min(_LONGEST_SWEEP_PERIOD_S, self._grace_s / 4))
        while self._worker.alive:
            try:
                self._sweep()
            except RayAscendError as error:
                logger.warning("keys of dead processes could not be deleted yet: %s", error)
            time.sleep(period)

    def _sweep(self) -> None:
        for orphan in orphans(os.path.join(self._endpoint.home, "ledger")):
            died_at = self._died_at.setdefault(orphan.path, time.monotonic())
            if time.monotonic() - died_at >= self._grace_s:
                self._reclaim(orphan)

    def _reclaim(self, orphan: Orphan) -> None:
        keys = orphan.keys()
        npu_keys = [key for key in keys if is_npu_key(key)]
        values = [key for key in keys if not is_npu_key(key)]
        if values and client_of(self._endpoint).delete(values):
            return
        # The released datasystem forgets them itself, 120 s after the process died; needs no NPU.
        if npu_keys and npu_client_of(self._endpoint).withdraw(npu_keys):
            return
        orphan.discard()
        self._died_at.pop(orphan.path, None)
        logger.info("deleted %d keys of a dead process (%s)", len(keys), orphan.path)
