"""Time until every node of a Ray cluster has a worker, beside what Ray itself needs there.

One Ray cluster for each number of nodes, all nodes on this machine: `Ray s` is the time to start
an actor on every node at once, `YR s` that of actors which register, so that each node's worker is
started too. A ratio above 1 is what the control plane and the workers cost; `per node` shows how
the time grows. Runs on whatever `dscli` is on the path. Arguments: numbers of nodes (1 8 32).
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import ray
from ray.cluster_utils import Cluster
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from ray_ascend import cleanup_yr_resources, register_yr_tensor_transport

DEFAULT_NODES = (1, 8, 32)
ARGUMENTS = "--shared_memory_size_mb 64"


class Resident:
    """Lives on one node."""

    def __init__(self, registers: bool) -> None:
        if registers:
            register_yr_tensor_transport(["cpu"])

    def here(self) -> bool:
        """Answer once it is made."""
        return True


def seconds_to_settle(*, registers: bool) -> float:
    """Time from nothing to an answer of an actor on every node."""
    begin = time.perf_counter()
    if registers:
        register_yr_tensor_transport(["cpu"])
    residents = [resident_on(node["NodeID"], registers) for node in ray.nodes() if node["Alive"]]
    ray.get([resident.here.remote() for resident in residents])
    elapsed = time.perf_counter() - begin
    for resident in residents:
        ray.kill(resident)
    return elapsed


def resident_on(node_id: str, registers: bool) -> Any:
    """Start the actor of one node."""
    affinity = NodeAffinitySchedulingStrategy(node_id, soft=False)
    return ray.remote(num_cpus=0, scheduling_strategy=affinity)(Resident).remote(registers)


def measure(nodes: int) -> tuple[float, float]:
    """Give the seconds without and with the transport in a new cluster."""
    small = {"num_cpus": 1, "object_store_memory": 80_000_000}
    cluster = Cluster(initialize_head=True, head_node_args={**small, "include_dashboard": False})
    for _ in range(nodes - 1):
        cluster.add_node(wait=False, **small)
    cluster.wait_for_nodes(timeout=600)
    ray.init(address=cluster.address, log_to_driver=False)
    try:
        return seconds_to_settle(registers=False), seconds_to_settle(registers=True)
    finally:
        cleanup_yr_resources()
        ray.shutdown()
        cluster.shutdown()


def main() -> None:
    """Print one line per number of nodes."""
    os.environ.setdefault("YR_DS_WORKER_ARGS", ARGUMENTS)
    print(f"{'nodes':>5}{'Ray s':>10}{'YR s':>10}{'YR/Ray':>10}{'YR s per node':>16}")
    for nodes in map(int, sys.argv[1:] or DEFAULT_NODES):
        plain, registered = measure(nodes)
        row = f"{nodes:>5}{plain:>10.2f}{registered:>10.2f}{registered / plain:>10.2f}"
        print(f"{row}{registered / nodes:>16.2f}", flush=True)


main()
