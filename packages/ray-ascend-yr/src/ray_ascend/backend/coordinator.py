"""The one actor of a cluster that knows the backend's settings and each node's worker.

    driver --config--> coordinator --> supervisor of each node --> worker
    any process --endpoint(node)--> coordinator         (cached there until it proves wrong)
    Ray's tables of nodes, jobs and actors --every second--> coordinator

A node gets its worker when the first process on it asks, so that nodes may join at any time; from
then on the coordinator looks after it unasked. The first node's worker keeps the metadata (it is
the head), in an etcd too; if that node is lost, another one follows, and the others' workers begin
anew with it.

The coordinator is detached and asynchronous: a question does not wait behind another node's worker
that is being started. A supervisor's answer serves all who had asked before it was asked: thousands
of questions that come together are one or two for it. If the coordinator's process dies, Ray starts
it again with its settings, and it finds the supervisors, whose workers have gone on. It ends with
the last of the backend's users.
"""

from __future__ import annotations

import asyncio
import logging

import ray

from ray_ascend.backend.config import BackendConfig
from ray_ascend.backend.etcd_keys import remove_keys
from ray_ascend.backend.placement import Placement
from ray_ascend.backend.report import BackendReport, NodeReport
from ray_ascend.backend.supervised_node import GONE, SupervisedNode, first_line
from ray_ascend.backend.users import Users
from ray_ascend.errors import NotInitializedError
from ray_ascend.metrics.events import WorkerRestarted
from ray_ascend.metrics.recorder import record
from ray_ascend.store.endpoint import WorkerEndpoint, address_of

logger = logging.getLogger(__name__)

_LOOK_PERIOD_S = 1.0


class Coordinator:
    """State of the backend; drivers call `start` and `stop`, every process may call `endpoint`.

    `config` is in force for the whole life of the backend; `cluster` is its own name in an etcd.
    """

    def __init__(self, config: BackendConfig, cluster: str) -> None:
        self._config, self._cluster = config, cluster
        self._users = Users(cluster)
        self._nodes: dict[str, SupervisedNode] = {}
        self._wanted: set[str] = set()
        self._head = ""
        self._heads_lost = 0
        self._questions = self._checks = 0
        self._stopping = False
        self._choosing = asyncio.Lock()
        self._recovery: asyncio.Future[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        # Nobody may ask for a long time, least of all after a restart. Until this is over, Ray may
        # tell this actor that it is being restarted, and then gives up what may not be repeated.
        itself = ray.get_runtime_context().current_actor
        itself.begin.options(max_task_retries=-1).remote()

    async def begin(self) -> None:
        """Find what an earlier life of this actor has left, and look after the nodes from now on.

        Called by itself when it is made; every question waits for it.
        """
        if self._recovery is None:
            self._recovery = asyncio.ensure_future(self._recover())
        await asyncio.shield(self._recovery)
        if self._looking is None:
            self._looking = asyncio.ensure_future(self._look_after())

    async def start(self, node_id: str, job_id: str) -> BackendConfig | None:
        """Make sure that the node has a living worker; gives the settings that are in force.

        None if the backend is being taken down. Raises BackendStartError when the worker cannot
        start; nothing of it is left then.
        """
        await self.begin()
        if self._stopping:
            return None
        await self._started(node_id, _now())
        await self._note(job_id)
        return self._config

    async def endpoint(self, node_id: str, job_id: str) -> WorkerEndpoint | None:
        """Tell where the node's worker is, once it has started; None without a backend.

        Starts a worker on a node that has none yet, and again one that died, under another
        directory: processes ask when theirs does not answer. Raises BackendStartError, after which
        the settings stay in force: the next question tries again.
        """
        self._questions += 1
        await self.begin()
        if self._stopping or await self.idle():
            return None
        await self._note(job_id)
        return await self._started(node_id, _now())

    async def questions(self) -> int:
        """Tell how often processes asked for a worker: once each, and when theirs proved wrong."""
        return self._questions

    async def checks(self) -> int:
        """Tell how often this asked supervisors for their worker, for itself and for processes."""
        return self._checks

    async def report(self) -> BackendReport:
        """Tell what is known; unlike `endpoint` it starts nothing and waits for nothing."""
        nodes = [NodeReport(key, node.host, node.endpoint) for key, node in self._nodes.items()]
        config = None if await self.idle() else self._config
        return BackendReport(config, self._head, tuple(nodes))

    async def idle(self) -> bool:
        """Tell whether no node has or is getting a worker."""
        return not self._nodes and not self._wanted

    async def stop(self) -> None:
        """Stop every worker and supervisor for good; returns when nothing of them is left."""
        self._stopping = True
        self._wanted.clear()
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])
        await asyncio.gather(*(self._drop(node_id) for node_id in list(self._nodes)))
        await asyncio.to_thread(self._users.forget)
        await asyncio.to_thread(remove_keys, self._config, self._cluster)

    async def _note(self, job_id: str) -> None:
        if job_id not in self._users:
            await asyncio.to_thread(self._users.add, job_id)

    async def _recover(self) -> None:
        supervisors = [SupervisedNode.found(node_id) for node_id in await _living_nodes()]
        for found in await asyncio.gather(*supervisors):
            if found is not None:
                await self._take_over(*found)
        if self._nodes and not self._head:
            # It was lost together with the coordinator.
            self._heads_lost += self._config.metadata_can_move

    async def _take_over(self, node: SupervisedNode, placement: Placement) -> None:
        name, _, heads_lost = placement.cluster.rpartition("-")
        if name != self._cluster:
            # A coordinator that somebody killed for good has left it; it would end by itself soon.
            await node.end()
            return
        self._nodes[node.node_id] = node
        self._wanted.add(node.node_id)
        self._heads_lost = max(self._heads_lost, int(heads_lost))
        if placement.is_head:
            self._head = node.node_id

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_PERIOD_S)
            try:
                if await asyncio.to_thread(self._users.are_gone):
                    await self._end()
                else:
                    await self._look()
            except Exception:  # whatever it was, the nodes need somebody who looks after them
                logger.exception("the YR backend could not be looked after this time")

    async def _end(self) -> None:
        """Take the backend down, and this actor with it, since nobody uses it any more."""
        self._looking = None
        await self.stop()
        ray.kill(ray.get_runtime_context().current_actor)

    async def _look(self) -> None:
        """Give up nodes that have left the cluster, and start again what does not run."""
        living = await _living_nodes()
        for node_id in self._wanted - living:
            self._give_up(node_id)
        asked = _now()
        checks = [
            self._started(node_id, asked)
            for node_id in self._wanted
            if node_id not in self._nodes or not self._nodes[node_id].starting.locked()
        ]
        for result in await asyncio.gather(*checks, return_exceptions=True):
            if isinstance(result, BaseException):
                logger.warning(
                    "a worker of the YR backend cannot be started again: %s", first_line(result)
                )

    def _give_up(self, node_id: str) -> None:
        logger.warning("node %s has left the Ray cluster, and its objects are lost", node_id)
        self._wanted.discard(node_id)
        self._nodes.pop(node_id, None)
        if node_id == self._head:
            self._head = ""
            self._heads_lost += self._config.metadata_can_move

    async def _started(self, node_id: str, asked: float) -> WorkerEndpoint:
        """Give the node's worker, which like the head's was seen alive after the time `asked`."""
        head = await self._living_head(node_id, asked)
        if head.node_id == node_id:
            return head
        return await self._start_worker(node_id, asked, head)

    async def _living_head(self, node_id: str, asked: float) -> WorkerEndpoint:
        """Give the head's worker, alive; a head whose node is gone is followed by this node."""
        async with self._choosing:
            self._head = self._head or node_id
            try:
                return await self._start_worker(self._head, asked)
            except GONE as error:
                if self._head == node_id:
                    raise
                logger.warning("the metadata's node %s is gone: %s", self._head, first_line(error))
                self._give_up(self._head)
                self._head = node_id
                return await self._start_worker(node_id, asked)

    async def _start_worker(
        self, node_id: str, asked: float, head: WorkerEndpoint | None = None
    ) -> WorkerEndpoint:
        """Start the node's worker unless it lives, with a new supervisor if the old one died.

        Without a head it is the head itself.
        """
        if node_id in self._nodes:
            try:
                return await self._try_to_start(node_id, asked, head)
            except GONE as error:
                logger.warning("the supervisor of node %s is gone: %s", node_id, first_line(error))
        return await self._try_to_start(node_id, asked, head)

    async def _try_to_start(
        self, node_id: str, asked: float, head: WorkerEndpoint | None
    ) -> WorkerEndpoint:
        if self._stopping:
            raise NotInitializedError("the YR backend is being taken down")
        node = self._nodes.get(node_id)
        if node is None:
            node = self._nodes[node_id] = SupervisedNode.on(node_id)
        async with node.starting:
            before = node.endpoint
            if before is not None and node.was_seen(asked, self._placement(node, head)):
                return before
            self._checks += 1
            try:
                await node.look()
                node.port = node.port or self._port_at(node.host)
                endpoint = await node.start(self._config, self._placement(node, head))
            except BaseException:
                await self._drop(node_id)
                raise
        if node_id in self._wanted and endpoint != before:
            record(WorkerRestarted(node.host))
        if not self._stopping:
            self._wanted.add(node_id)
        return endpoint

    def _placement(self, node: SupervisedNode, head: WorkerEndpoint | None) -> Placement:
        in_metastore = self._config.mode == "metastore"
        return Placement(
            is_head=head is None,
            metastore=address_of(head.host, self._config.metastore_port)
            if head and in_metastore
            else "",
            port=node.port,
            cluster=f"{self._cluster}-{self._heads_lost}",
        )

    def _port_at(self, host: str) -> int:
        """Give the configured port, or 0 if another node of this host has it."""
        taken = any(node.host == host and node.port for node in self._nodes.values())
        return 0 if taken else self._config.worker_port

    async def _drop(self, node_id: str) -> None:
        node = self._nodes.pop(node_id, None)
        if node is not None:
            await node.end()


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _living_nodes() -> set[str]:
    nodes = await asyncio.to_thread(ray.nodes)
    return {str(node["NodeID"]) for node in nodes if node["Alive"]}
