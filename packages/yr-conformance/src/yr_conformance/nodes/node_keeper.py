"""The process that keeps Ray nodes, so that they outlive every driver.

    test <--dialogue--> node keeper -- Ray node at each address     no log monitor, no autoscaler

Started with `-m yr_conformance.nodes.node_keeper`; its nodes end with it.
"""

from __future__ import annotations

import os
import pathlib
import signal
import tempfile
from typing import Any, Final

import psutil

from yr_conformance.dialogue import answers, serve
from yr_conformance.transfer.ray_session import WITHOUT_MONITORS
from yr_conformance.waiting import wait_until

OPTIONS: Final = {
    "num_cpus": 1,
    "num_gpus": 0,
    "min_worker_port": 0,
    "max_worker_port": 0,
    "node_manager_port": 0,
    "dashboard_agent_listen_port": None,
    **WITHOUT_MONITORS,
    "object_store_memory": 80_000_000,
}


class NodeKeeper:
    """Adds and ends Ray nodes, one call at a time; a node is named by its address."""

    def __init__(self, directory: pathlib.Path) -> None:
        self._directory = directory
        self._nodes: dict[str, Any] = {}

    def head(self, host: str) -> str:
        """Start the head of a cluster; gives the cluster's address."""
        return str(self._start(host, temp_dir=str(self._directory / "ray")).gcs_address)

    def add(self, address: str, hosts: list[str]) -> None:
        """Start more nodes of the cluster."""
        for host in hosts:
            self._start(host, gcs_address=address)

    def remove(self, host: str) -> None:
        """End a node in order."""
        _end(self._nodes.pop(host), graceful=True)

    def kill(self, host: str) -> None:
        """End the raylet of a node as a crash would, and wait until its last thread is gone."""
        (raylet,) = self._nodes[host].all_processes["raylet"]
        os.kill(raylet.process.pid, signal.SIGKILL)
        raylet.process.wait()
        wait_until(lambda: not psutil.pid_exists(raylet.process.pid), "the raylet is gone")

    def close(self) -> None:
        """End all nodes, the head at last."""
        while self._nodes:
            _end(self._nodes.popitem()[1], graceful=False)

    def _start(self, host: str, **more: Any) -> Any:
        from ray._private.node import Node
        from ray._private.parameter import RayParams

        parameters = RayParams(node_ip_address=host, **OPTIONS, **more)
        is_head = "gcs_address" not in more
        node = Node(parameters, head=is_head, shutdown_at_exit=False, spawn_reaper=False)
        self._nodes[host] = node
        return node


def main() -> None:
    """Keep nodes until nobody asks any more."""
    to = answers()
    keeper = NodeKeeper(pathlib.Path(tempfile.gettempdir()))
    try:
        serve(keeper, to)
    finally:
        keeper.close()


def _end(node: Any, *, graceful: bool) -> None:
    node.kill_all_processes(check_alive=False, allow_graceful=graceful, wait=True)


if __name__ == "__main__":
    main()
