"""The coordinator's view of one Ray node: its supervisor, and the worker that this one keeps."""

from __future__ import annotations

import asyncio
import functools
import logging
from dataclasses import dataclass, field, replace
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from ray_ascend.backend.config import BackendConfig
from ray_ascend.backend.placement import Placement
from ray_ascend.backend.supervisor import SupervisedWorker, Supervisor
from ray_ascend.store.actor_names import NAMESPACE, supervisor_name
from ray_ascend.store.endpoint import WorkerEndpoint
from ray_ascend.store.worker_start import REPLACEMENT_S

logger = logging.getLogger(__name__)

GONE = (ray.exceptions.RayActorError, ray.exceptions.ActorUnschedulableError)
"""What a call of a supervisor raises whose process, or node, has gone."""

_ANSWER_TIMEOUT_S = 20.0
_START_TIMEOUT_S = REPLACEMENT_S + 20.0
_STOP_TIMEOUT_S = 40.0
_NAME_TIMEOUT_S = 10.0


@dataclass
class SupervisedNode:
    """One node that has a supervisor; `starting` is held by whoever starts or looks at its worker.

    A supervisor is detached: it lives on, with its worker, while Ray starts a coordinator again.
    """

    node_id: str
    supervisor: Any
    host: str = ""
    port: int = 0
    endpoint: WorkerEndpoint | None = None
    seen: tuple[float, Placement] | None = None
    starting: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    def on(cls, node_id: str) -> SupervisedNode:
        """Create the supervisor of a node, or take the one that is there.

        It reserves no CPU, and can answer while it starts a worker.
        """
        supervisor = (
            _supervisor_class()
            .options(
                name=supervisor_name(node_id),
                namespace=NAMESPACE,
                lifetime="detached",
                get_if_exists=True,
                num_cpus=0,
                max_concurrency=4,
                scheduling_strategy=NodeAffinitySchedulingStrategy(node_id, soft=False),
            )
            .remote()
        )
        return cls(node_id, supervisor)

    @classmethod
    async def found(cls, node_id: str) -> tuple[SupervisedNode, Placement] | None:
        """Find a node's supervisor, made by an earlier coordinator, and its worker's placement."""
        try:
            supervisor = ray.get_actor(supervisor_name(node_id), namespace=NAMESPACE)
            answer = supervisor.worker.remote()
            kept: SupervisedWorker | None = await asyncio.wait_for(answer, _ANSWER_TIMEOUT_S)
        except (ValueError, *GONE, asyncio.TimeoutError) as error:
            logger.info("node %s has no supervisor: %s", node_id, first_line(error))
            return None
        if kept is None:
            return None
        worker = kept.endpoint
        return cls(node_id, supervisor, worker.host, worker.port, worker), kept.placement

    async def look(self) -> None:
        """Learn the address of this node."""
        if not self.host:
            self.host = await asyncio.wait_for(self.supervisor.host.remote(), _START_TIMEOUT_S)

    def was_seen(self, asked: float, placement: Placement) -> bool:
        """Tell whether the worker of this placement was found alive by who looked after `asked`."""
        return self.seen is not None and self.seen[0] > asked and self.seen[1] == placement

    async def start(self, config: BackendConfig, placement: Placement) -> WorkerEndpoint:
        """Start the worker unless it lives; the caller holds `starting`."""
        self.seen, looked = None, asyncio.get_running_loop().time()
        start = self.supervisor.start.remote(config, placement)
        endpoint: WorkerEndpoint = await asyncio.wait_for(start, _START_TIMEOUT_S)
        self.endpoint, self.port = endpoint, endpoint.port
        self.seen = looked, replace(placement, port=endpoint.port)
        return endpoint

    async def end(self) -> None:
        """Stop the worker and the supervisor; returns when its name is free, too."""
        try:
            await asyncio.wait_for(self.supervisor.stop.remote(), _STOP_TIMEOUT_S)
        except (ray.exceptions.RayError, asyncio.TimeoutError) as error:
            logger.warning(
                "the worker of node %s did not stop in order: %s", self.node_id, first_line(error)
            )
        ray.kill(self.supervisor)
        await self._name_is_free()

    async def _name_is_free(self) -> None:
        deadline = asyncio.get_running_loop().time() + _NAME_TIMEOUT_S
        while asyncio.get_running_loop().time() < deadline:
            try:
                ray.get_actor(supervisor_name(self.node_id), namespace=NAMESPACE)
            except ValueError:
                return
            await asyncio.sleep(0.02)


@functools.cache
def _supervisor_class() -> Any:
    """Give Ray's class of supervisors, made once: for each that is made, Ray exports it anew.

    That stops the coordinator, 17 ms of 20 ms that the making of a supervisor took (Ray 2.60.0).
    """
    return ray.remote(Supervisor)


def first_line(error: BaseException) -> str:
    """Shorten an error for the log: Ray's go on with the actor's particulars."""
    return str(error).partition("\n")[0] or type(error).__name__
