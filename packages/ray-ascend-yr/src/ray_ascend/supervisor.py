"""The actor that owns the datasystem worker of one Ray node and cleans up after dead processes.

coordinator --start/stop--> supervisor --reaper--> worker
                                |  every few seconds
                                +--> ledgers of dead processes: delete their keys
"""

from __future__ import annotations

import logging
import os
import threading
import time
from dataclasses import replace

import ray

from ray_ascend.client_cache import client_of, npu_client_of
from ray_ascend.config import BackendConfig
from ray_ascend.endpoint import WorkerEndpoint
from ray_ascend.errors import RayAscendError
from ray_ascend.ledger import Orphan, orphans
from ray_ascend.npu_keys import is_npu_key
from ray_ascend.placement import Placement
from ray_ascend.worker_command import free_port
from ray_ascend.worker_process import WorkerProcess

logger = logging.getLogger(__name__)

_LONGEST_SWEEP_PERIOD_S = 5.0


class Supervisor:
    """Runs on the node it is responsible for, without reserving a CPU; called by the coordinator.

    It dies with the coordinator that owns it, and its worker dies with it.
    """

    def __init__(self) -> None:
        self._worker: WorkerProcess | None = None
        self._endpoint: WorkerEndpoint | None = None
        self._metastore = ""

    def host(self) -> str:
        """Give the address of this node, at which its worker listens."""
        return str(ray.util.get_node_ip_address())

    def start(self, config: BackendConfig, placement: Placement) -> WorkerEndpoint:
        """Start the worker unless it lives and belongs to that metastore; BackendStartError."""
        if self._endpoint and self.alive() and placement.metastore == self._metastore:
            return self._endpoint
        self.stop()
        host, self._metastore = self.host(), placement.metastore
        placement = replace(placement, port=placement.port or free_port(host))
        self._worker = WorkerProcess(config, placement, host)
        self._worker.wait_started()
        self._endpoint = WorkerEndpoint(
            node_id=ray.get_runtime_context().get_node_id(),
            host=host,
            port=placement.port,
            home=self._worker.home,
            pid=self._worker.pid,
        )
        Sweeper(self._endpoint, config.dead_actor_grace_s, self._worker).start()
        return self._endpoint

    def alive(self) -> bool:
        """Tell whether the worker process runs."""
        return self._worker is not None and self._worker.alive

    def stop(self) -> None:
        """Stop the worker, if any, and remove its directory."""
        if self._worker is not None:
            self._worker.stop()
        self._worker = self._endpoint = None


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
