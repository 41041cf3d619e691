"""Two Ray nodes in network namespaces of their own, and the cable between them.

    near: head, drivers  [10.77.0.1]====veth====[10.77.0.2]  far: another node

The namespaces have no names: they, and the cable, end with the processes in them. Of this machine's
own network nothing changes.
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any, Final

from yr_conformance.dialogue import Partner
from yr_conformance.environment import environment_with
from yr_conformance.nodes.namespaces import NETWORK, why_no_network
from yr_conformance.nodes.ray_cluster import RayCluster, ray_cluster

NEAR: Final = "10.77.0.1"
FAR: Final = "10.77.0.2"
_CABLE: Final = "cable"
_OFF_LOOPBACK: Final = {"YR_FAKE_DS_ALLOW_REMOTE": "1"}
"""Nobody else is in these namespaces."""


class Cable:
    """The two nodes; made by `cabled_nodes`."""

    def __init__(self, cluster: RayCluster) -> None:
        self.cluster = cluster
        self._near, self._far = cluster.keeper, cluster.new_keeper(NETWORK)
        for side in (self._near, self._far):
            _in(side, "ip link set lo up")
        _in(self._near, f"ip link add {_CABLE} type veth peer {_CABLE} netns {self._far.pid}")
        for side, address in ((self._near, NEAR), (self._far, FAR)):
            _in(side, f"ip address add {address}/24 dev {_CABLE}")
            _in(side, f"ip link set {_CABLE} up")
        cluster.add(NEAR)
        self._far.ask("add", cluster.address, [FAR])

    def driver(self, settings: Mapping[str, Any]) -> Partner:
        """Start a driver at the near node."""
        return self.cluster.driver(NEAR, {**settings, **_OFF_LOOPBACK}, _enter(self._near))

    def pull(self) -> None:
        """Let nothing pass; connections stay open."""
        _in(self._far, f"ip link set {_CABLE} down")

    def plug(self) -> None:
        """Let everything pass again."""
        _in(self._far, f"ip link set {_CABLE} up")


def why_not() -> str:
    """Say why this user cannot have such nodes, "" if there is no reason."""
    return why_no_network("nsenter", "ip")


@contextlib.contextmanager
def cabled_nodes(parent: str) -> Iterator[Cable]:
    """Start both; at the end nothing of them is left."""
    with contextlib.ExitStack() as stack:
        with environment_with(_OFF_LOOPBACK):
            cable = Cable(stack.enter_context(ray_cluster(parent, 0, (NEAR, FAR), NETWORK)))
        yield cable


def _enter(side: Partner) -> list[str]:
    return ["nsenter", f"--net=/proc/{side.pid}/ns/net"]


def _in(side: Partner, command: str) -> None:
    done = subprocess.run(
        [*_enter(side), *command.split()], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}: {done.stderr}"
