"""The one actor of a cluster that knows the backend's settings and each node's worker.

    driver --start(config)--> coordinator --> supervisor of each node --> worker
    any process --endpoint(node)--> coordinator         (cached there until it proves wrong)

A node gets its worker when the first process on it asks, so that nodes may join at any time. In
metastore mode the first node keeps the metadata (its worker is the head), the others' workers go
there. The coordinator is detached, so that it outlives the driver that made it, and asynchronous,
so that a question does not wait behind another node's worker that is being started.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from ray_ascend.backend_report import BackendReport, NodeReport
from ray_ascend.config import BackendConfig
from ray_ascend.endpoint import WorkerEndpoint
from ray_ascend.placement import Placement
from ray_ascend.supervisor import Supervisor

logger = logging.getLogger(__name__)

NAME = "YRBackendCoordinator"
NAMESPACE = "yr_backend"

_START_TIMEOUT_S = 90.0
_STOP_TIMEOUT_S = 40.0
_GONE = (ray.exceptions.RayActorError, ray.exceptions.ActorUnschedulableError)


@dataclass
class _Node:
    supervisor: Any
    host: str = ""
    port: int = 0
    endpoint: WorkerEndpoint | None = None
    starting: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def start(self, config: BackendConfig, metastore: str) -> WorkerEndpoint:
        """Start the worker unless it lives; the caller holds `starting`."""
        start = self.supervisor.start.remote(config, Placement(metastore, self.port))
        endpoint: WorkerEndpoint = await asyncio.wait_for(start, _START_TIMEOUT_S)
        self.endpoint, self.port = endpoint, endpoint.port
        return endpoint


class Coordinator:
    """State of the backend; drivers call `start` and `stop`, every process may call `endpoint`."""

    def __init__(self) -> None:
        self._config: BackendConfig | None = None
        self._nodes: dict[str, _Node] = {}
        self._head = ""
        self._questions = 0
        self._choosing = asyncio.Lock()

    async def start(self, config: BackendConfig, node_id: str) -> BackendConfig:
        """Make sure that the node has a living worker; gives the settings that are in force.

        The first caller's settings hold for the whole cluster until `stop`. Raises
        BackendStartError when the worker cannot start; nothing of it is left then.
        """
        self._config = active = self._config or config
        try:
            await self._started(active, node_id)
        except BaseException:
            self._forget_if_idle()
            raise
        return active

    async def endpoint(self, node_id: str) -> WorkerEndpoint | None:
        """Tell where the node's worker is, once it has started; None without a backend.

        Starts a worker on a node that has none yet, and again one that died, under another
        directory: processes ask when theirs does not answer. Raises BackendStartError, after which
        the settings stay in force: the next question tries again.
        """
        self._questions += 1
        return None if self._config is None else await self._started(self._config, node_id)

    async def questions(self) -> int:
        """Tell how often processes asked for a worker: once each, and when theirs proved wrong."""
        return self._questions

    async def report(self) -> BackendReport:
        """Tell what is known; unlike `endpoint` it starts nothing and waits for nothing."""
        nodes = [NodeReport(key, node.host, node.endpoint) for key, node in self._nodes.items()]
        return BackendReport(self._config, self._head, tuple(nodes))

    async def idle(self) -> bool:
        """Tell whether no node has or is getting a worker."""
        return not self._nodes

    async def stop(self) -> None:
        """Stop every worker and supervisor; returns when nothing of them is left."""
        await asyncio.gather(*(self._drop(node_id) for node_id in list(self._nodes)))
        self._forget_if_idle()

    async def _started(self, config: BackendConfig, node_id: str) -> WorkerEndpoint:
        metastore = ""
        if config.mode == "metastore":
            head = await self._living_head(config, node_id)
            if head.node_id == node_id:
                return head
            metastore = f"{head.host}:{config.metastore_port}"
        return await self._start_worker(config, node_id, metastore)

    async def _living_head(self, config: BackendConfig, node_id: str) -> WorkerEndpoint:
        """Give the head's worker, alive; a head whose node is gone is followed by this node."""
        async with self._choosing:
            self._head = self._head or node_id
            try:
                return await self._start_worker(config, self._head, "")
            except _GONE as error:
                if self._head == node_id:
                    raise
                logger.warning("the metadata's node %s is gone: %s", self._head, error)
                self._head = node_id
                return await self._start_worker(config, node_id, "")

    async def _start_worker(
        self, config: BackendConfig, node_id: str, metastore: str
    ) -> WorkerEndpoint:
        """Start the node's worker unless it lives, with a new supervisor if the old one died."""
        if node_id in self._nodes:
            try:
                return await self._try_to_start(config, node_id, metastore)
            except _GONE as error:
                logger.warning("the supervisor of node %s is gone: %s", node_id, error)
        return await self._try_to_start(config, node_id, metastore)

    async def _try_to_start(
        self, config: BackendConfig, node_id: str, metastore: str
    ) -> WorkerEndpoint:
        node = self._nodes.get(node_id)
        if node is None:
            node = self._nodes[node_id] = _Node(_new_supervisor(node_id))
        async with node.starting:
            try:
                if not node.host:
                    node.host = await node.supervisor.host.remote()
                    node.port = self._port_at(node.host, config)
                return await node.start(config, metastore)
            except BaseException:
                await self._drop(node_id)
                raise

    def _port_at(self, host: str, config: BackendConfig) -> int:
        """Give the configured port, or 0 if another node of this host has it."""
        taken = any(node.host == host and node.port for node in self._nodes.values())
        return 0 if taken else config.worker_port

    def _forget_if_idle(self) -> None:
        if not self._nodes:
            self._config, self._head = None, ""

    async def _drop(self, node_id: str) -> None:
        node = self._nodes.pop(node_id, None)
        if node is None:
            return
        try:
            await asyncio.wait_for(node.supervisor.stop.remote(), _STOP_TIMEOUT_S)
        except (ray.exceptions.RayError, asyncio.TimeoutError) as error:
            logger.warning("the worker of node %s did not stop in order: %s", node_id, error)
        ray.kill(node.supervisor)


def _new_supervisor(node_id: str) -> Any:
    """Create the actor on its node; it can hold requests while a worker is starting."""
    return (
        ray.remote(Supervisor)
        .options(
            name=f"YRSupervisor_{node_id}",
            namespace=NAMESPACE,
            num_cpus=0,
            max_concurrency=4,
            scheduling_strategy=NodeAffinitySchedulingStrategy(node_id, soft=False),
        )
        .remote()
    )
