"""The one actor of a cluster that knows the backend's settings and each node's worker.

    driver --start(config)--> coordinator --> supervisor of each node --> worker
    any process --endpoint(node)--> coordinator         (cached there until it proves wrong)

It is detached, so that it outlives the driver that made it, and asynchronous, so that a question
never waits behind a worker that is being started.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from ray_ascend.config import BackendConfig
from ray_ascend.endpoint import WorkerEndpoint
from ray_ascend.supervisor import Supervisor

logger = logging.getLogger(__name__)

NAME = "YRBackendCoordinator"
NAMESPACE = "yr_backend"

_START_TIMEOUT_S = 90.0
_STOP_TIMEOUT_S = 40.0


@dataclass
class _Node:
    supervisor: Any
    endpoint: WorkerEndpoint | None = None
    starting: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def start(self, config: BackendConfig) -> None:
        """Start the worker unless it lives; the caller holds `starting`."""
        start = self.supervisor.start.remote(config)
        self.endpoint = await asyncio.wait_for(start, _START_TIMEOUT_S)


class Coordinator:
    """State of the backend; drivers call `start` and `stop`, every process may call `endpoint`."""

    def __init__(self) -> None:
        self._config: BackendConfig | None = None
        self._nodes: dict[str, _Node] = {}

    async def start(self, config: BackendConfig, node_id: str) -> BackendConfig:
        """Make sure that the node has a living worker; gives the settings that are in force.

        The first caller's settings hold for the whole cluster until `stop`. Raises
        BackendStartError when the worker cannot start; nothing of it is left then.
        """
        self._config = self._config or config
        node = self._nodes.get(node_id)
        if node is None:
            node = self._nodes[node_id] = _Node(_new_supervisor(node_id))
        async with node.starting:
            try:
                await node.start(self._config)
            except BaseException:
                await self._drop(node_id)
                raise
        return self._config

    async def endpoint(self, node_id: str) -> WorkerEndpoint | None:
        """Tell where the node's worker is, once it has started; None if it has none.

        A worker that died is started again, under another directory: processes ask when theirs
        does not answer. Raises BackendStartError if it cannot be.
        """
        node = self._nodes.get(node_id)
        if node is None or self._config is None:
            return None
        async with node.starting:
            if node.endpoint is not None:
                await node.start(self._config)
            return node.endpoint

    async def idle(self) -> bool:
        """Tell whether no node has or is getting a worker."""
        return not self._nodes

    async def stop(self) -> None:
        """Stop every worker and supervisor; returns when nothing of them is left."""
        await asyncio.gather(*(self._drop(node_id) for node_id in list(self._nodes)))
        self._config = None

    async def _drop(self, node_id: str) -> None:
        node = self._nodes.pop(node_id, None)
        if node is None:
            return
        if not self._nodes:
            self._config = None
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
