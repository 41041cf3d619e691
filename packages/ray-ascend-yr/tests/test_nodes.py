"""Several Ray nodes, here all on one host: each has a worker of its own, whenever it joins."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
import ray
import torch
from conftest import Sandbox, wait_until
from ray.cluster_utils import Cluster
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from ray_ascend import backend, cleanup_yr_resources, register_yr_tensor_transport
from ray_ascend.actor_names import COORDINATOR, NAMESPACE
from ray_ascend.endpoint import WorkerEndpoint
from ray_ascend.errors import ObjectLostError, StoreUnavailableError
from ray_ascend.reaper import is_running

pytestmark = pytest.mark.datasystem


@pytest.fixture
def cluster(sandbox: Sandbox) -> Iterator[Cluster]:
    """Three Ray nodes, and this process as the driver."""
    made = Cluster(
        initialize_head=True,
        head_node_args={
            "num_cpus": 1,
            "include_dashboard": False,
            "object_store_memory": 100_000_000,
            "temp_dir": os.path.join(sandbox.directory, "ray"),
        },
    )
    for _ in range(2):
        add_node(made)
    ray.init(address=made.address, log_to_driver=False)
    register_yr_tensor_transport(["cpu"])
    yield made
    wait_until(ray_has_noted_transfers)
    cleanup_yr_resources()
    ray.shutdown()
    made.shutdown()


def add_node(cluster: Cluster) -> Any:
    """Let one more Ray node join."""
    return cluster.add_node(num_cpus=1, object_store_memory=100_000_000)


def ray_has_noted_transfers() -> bool:
    """Tell whether Ray's thread has taken note of all transfers.

    What it has not yet looked at when a cluster ends, it takes into the next one of the same
    process, where it fails (Ray 2.60 rdt_manager).
    """
    manager = ray._private.worker.global_worker.rdt_manager
    return bool(manager._unmonitored_transfers.empty())


def node_ids() -> list[str]:
    """List the nodes that live."""
    return [node["NodeID"] for node in ray.nodes() if node["Alive"]]


def peer_on(node_id: str) -> Any:
    """Start an actor on a node."""

    @ray.remote(num_cpus=0, scheduling_strategy=NodeAffinitySchedulingStrategy(node_id, soft=False))
    class Peer:
        def __init__(self) -> None:
            register_yr_tensor_transport(["cpu"])

        @ray.method(tensor_transport="YR")
        def make(self, value: float) -> torch.Tensor:
            return torch.full((10,), value)

        def total(self, tensor: torch.Tensor) -> float:
            return float(tensor.sum())

        def worker(self) -> WorkerEndpoint:
            return backend.find_worker()

    peer: Any = Peer.remote()  # type: ignore[attr-defined]  # added by the decorator
    return peer


def sums_between(peers: list[Any]) -> list[float]:
    """Send a tensor from each to each; gives the sums that arrived.

    Each pair has an object of its own: Ray warns of one that goes to others and back to its source.
    """
    sums = [
        receiver.total.remote(sender.make.remote(float(index)))
        for receiver in peers
        for index, sender in enumerate(peers)
    ]
    ray.wait(sums, num_returns=len(sums))
    found: list[float] = ray.get(sums)
    return found


def all_transfer(peers: list[Any]) -> bool:
    """Tell whether every pair transfers.

    While a worker starts again, an object may be lost, or not be stored in time: the released
    worker needs longer than the 10 s that a task waits to store.
    """
    try:
        return sums_between(peers) == [10.0 * index for index in range(len(peers))] * len(peers)
    except (ObjectLostError, StoreUnavailableError):
        return False


@pytest.mark.usefixtures("cluster")
def test_tensors_go_from_each_node_to_each() -> None:
    """Three nodes have three workers; every pair transfers, in the end without the coordinator."""
    peers = [peer_on(node_id) for node_id in node_ids()]

    assert sums_between(peers) == [0.0, 10.0, 20.0] * 3
    workers = ray.get([peer.worker.remote() for peer in peers])
    assert len({worker.address for worker in workers}) == 3

    coordinator = ray.get_actor(COORDINATOR, namespace=NAMESPACE)
    before = ray.get(coordinator.questions.remote())
    assert sums_between(peers) == [0.0, 10.0, 20.0] * 3
    assert ray.get(coordinator.questions.remote()) == before


def test_a_node_that_joins_later_takes_part(cluster: Cluster) -> None:
    """It gets a worker before its first transfer."""
    before = node_ids()
    peers = [peer_on(node_id) for node_id in before]
    assert sums_between(peers) == [0.0, 10.0, 20.0] * 3

    add_node(cluster)
    (joined,) = set(node_ids()) - set(before)
    peers.append(peer_on(joined))

    assert sums_between(peers) == [0.0, 10.0, 20.0, 30.0] * 4


def test_the_others_go_on_when_a_node_goes(cluster: Cluster) -> None:
    """A node that leaves takes its own worker with it, and no other one."""
    leaving = add_node(cluster)
    peers = {node_id: peer_on(node_id) for node_id in node_ids()}
    assert len(sums_between(list(peers.values()))) == 16
    endpoint: WorkerEndpoint = ray.get(peers[leaving.node_id].worker.remote())
    gone = psutil.Process(endpoint.pid)

    cluster.remove_node(leaving, allow_graceful=False)

    wait_until(lambda: not is_running(gone) and not os.path.exists(endpoint.home))
    wait_until(lambda: leaving.node_id not in node_ids())
    rest = [peers[node_id] for node_id in node_ids()]
    assert sums_between(rest) == [0.0, 10.0, 20.0] * 3


@pytest.mark.usefixtures("cluster")
@pytest.mark.parametrize("victim", [0, 1], ids=["head", "other"])
def test_a_dead_worker_comes_back(victim: int) -> None:
    """After kill -9 of a node's worker, that of the metadata too, all nodes transfer again."""
    here = ray.get_runtime_context().get_node_id()
    peers = [peer_on(node_id) for node_id in sorted(node_ids(), key=lambda one: one != here)]
    assert sums_between(peers) == [0.0, 10.0, 20.0] * 3
    endpoint: WorkerEndpoint = ray.get(peers[victim].worker.remote())
    dead = psutil.Process(endpoint.pid)

    dead.kill()
    wait_until(lambda: not is_running(dead))

    wait_until(lambda: all_transfer(peers))
