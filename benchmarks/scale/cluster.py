"""A Ray cluster whose nodes are all on this machine, each at a loopback address of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import ray
from ray.cluster_utils import Cluster

_CPUS_OF_THE_MACHINE = 2
_START_S = 600.0


@contextlib.contextmanager
def loopback_cluster(nodes: int) -> Iterator[list[str]]:
    """Start the nodes and be their driver; gives their ids, and ends them with the block.

    Ray starts as many processes at once on a node as this one says it has CPUs.
    """
    options = {
        "num_cpus": max(1, _CPUS_OF_THE_MACHINE // nodes),
        "object_store_memory": 80_000_000,
        "include_dashboard": False,
        "include_log_monitor": False,
        "no_monitor": True,
    }
    with contextlib.ExitStack() as stack:
        cluster = Cluster()
        stack.callback(cluster.shutdown)
        for number in range(nodes):
            cluster.add_node(wait=not number, node_ip_address=_host(number), **options)
        cluster.wait_for_nodes(timeout=_START_S)
        stack.callback(ray.shutdown)
        ray.init(
            address=cluster.address,
            log_to_driver=False,
            _node_ip_address=_host(0),
            logging_level="warning",
        )
        yield [str(node["NodeID"]) for node in ray.nodes() if node["Alive"]]


def _host(number: int) -> str:
    """Give a node's address. A 127.0.0.1 that it is given, Ray replaces by a network card's."""
    return f"127.0.0.{number + 2}"
