"""A Ray cluster whose nodes are set up wrongly: only what the driver says can make it work.

environment of the nodes, and so of all actors:  YR_DS_*, RAY_ASCEND_*  unusable values
                                                 PATH                   a `dscli` that takes note
each node at a loopback address of its own, so that several can use the same ports
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import shlex
import shutil
from collections.abc import Iterator, Sequence
from typing import Any, Final

import psutil

from yr_conformance.environment import environment_with
from yr_conformance.settings.attempt import Start
from yr_conformance.settings.variables import OURS
from yr_conformance.transfer.ray_agents import wait_for_agents
from yr_conformance.transfer.ray_session import WITHOUT_MONITORS

OF_NODES: Final = dict.fromkeys(OURS, "of-the-node")
_SPY = """#!/bin/sh
printf '%s\\0' "${{ASCEND_RT_VISIBLE_DEVICES-}}" "$@" > {notes}/$$
exec {dscli} "$@"
"""


class Spy:
    """A `dscli` that notes how it is called and then runs the one on this process's PATH."""

    def __init__(self, directory: pathlib.Path) -> None:
        self.bin, self._notes = directory / "bin", directory / "notes"
        self.bin.mkdir()
        self._notes.mkdir()
        dscli = shutil.which("dscli")
        assert dscli, "no dscli on PATH"
        words = {"notes": shlex.quote(str(self._notes)), "dscli": shlex.quote(dscli)}
        program = self.bin / "dscli"
        program.write_text(_SPY.format(**words), encoding="utf-8")
        program.chmod(0o755)

    def starts(self) -> list[Start]:
        """Give the calls since the last question, in their order."""
        notes = sorted(self._notes.iterdir(), key=lambda note: note.stat().st_mtime_ns)
        found = []
        for note in notes:
            npus, *arguments, _ = note.read_text(encoding="utf-8").split("\0")
            found.append(Start(tuple(arguments), npus))
            note.unlink()
        return found


@contextlib.contextmanager
def ray_nodes(hosts: Sequence[str], directory: pathlib.Path, spy: Spy) -> Iterator[None]:
    """Start one Ray node at each address, and be their driver; all end with the block."""
    import ray
    from ray.cluster_utils import Cluster

    options = {"num_cpus": 1, "object_store_memory": 80_000_000, **WITHOUT_MONITORS}
    with contextlib.ExitStack() as stack:
        with environment_with({**OF_NODES, "PATH": f"{spy.bin}:{os.environ['PATH']}"}):
            cluster = Cluster()
            stack.callback(cluster.shutdown)
            for number, host in enumerate(hosts):
                only_head = {} if number else {"temp_dir": str(directory / "ray")}
                cluster.add_node(node_ip_address=host, **options, **only_head)
        stack.callback(ray.shutdown)
        ray.init(
            address=cluster.address,
            log_to_driver=False,
            logging_level="warning",
            _node_ip_address=hosts[0],
        )
        wait_for_agents(_raylets(cluster))
        yield


def _raylets(cluster: Any) -> list[psutil.Process]:
    nodes = cluster.list_all_nodes()
    return [psutil.Process(node.all_processes["raylet"][0].process.pid) for node in nodes]
