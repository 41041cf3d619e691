"""The `dscli start` command line of one worker, and whether its ports are free."""

from __future__ import annotations

import errno
import os
import random
import shutil
import socket
import sys
import time
from collections.abc import Mapping

from ray_ascend.backend.config import (
    CLUSTER_NAME,
    METASTORE_PORT,
    REMOTE_H2D,
    VISIBLE_NPUS,
    WORKER_PORT,
    BackendConfig,
)
from ray_ascend.backend.placement import Placement
from ray_ascend.errors import BackendStartError
from ray_ascend.store.endpoint import address_of
from ray_ascend.store.sdk import remedy
from ray_ascend.store.worker_start import WORKER_START_S

_ABOVE_RAYS_PORTS = 20_000
_HIGHEST_PORT = 65_536
_PORT_PATIENCE_S = 3.0
_DEFAULT_FLAGS = {
    "arena_per_tenant": "1",
    "enable_worker_worker_batch_get": "true",
    # Memory of a killed process stays pinned for this long (the SDK's default is 120).
    "client_dead_timeout_s": "30",
    # The worker logs every request at level 0, megabytes a minute under load.
    "minloglevel": "1",
    # Errors reach the log while somebody still waits for the reason (default 10).
    "logbufsecs": "1",
    # Otherwise each worker that has been a member for a minute keeps a share of the metadata, and
    # once any of them is lost the others cannot store for more than 100 s (measured on 0.8.1).
    "enable_distributed_master": "false",
}


def start_command(config: BackendConfig, placement: Placement, host: str, home: str) -> list[str]:
    """Build the command; flags of the user win over this package's defaults.

    A worker counts NPUs within those that it sees, which are the user's list: `2,3` becomes `0,1`,
    and as it is would fail with ACL's 107001 (measured on openyuanrong-datasystem 0.8.1).
    """
    flags = {**_DEFAULT_FLAGS, **dict(config.worker_args)}
    if devices := flags.get(REMOTE_H2D):
        flags[REMOTE_H2D] = ",".join(map(str, range(devices.count(",") + 1)))
    flags["worker_address"] = address_of(host, placement.port)
    if config.mode == "etcd":
        flags["etcd_address"] = config.etcd_address
        # A worker that joins a cluster whose members have gone is not ready for over 60 s (0.8.1).
        flags.setdefault(CLUSTER_NAME, placement.cluster)
    elif not placement.is_head:
        flags["metastore_address"] = placement.metastore
    else:
        flags["metastore_address"] = address_of(host, config.metastore_port)
        flags["start_metastore_service"] = "true"
    words = [word for name, value in flags.items() for word in (f"--{name}", value)]
    return [find_dscli(), "start", "-t", f"{WORKER_START_S:.0f}", "-d", home, "-w", *words]


def worker_environment(config: BackendConfig) -> dict[str, str]:
    """Build what the worker needs in its environment, besides and before what this process has."""
    devices = dict(config.worker_args).get(REMOTE_H2D)
    visible = {VISIBLE_NPUS: devices} if devices else {}
    return {**dict(config.worker_env), **visible}


def find_dscli() -> str:
    """Find the command on PATH, else beside the interpreter of this process."""
    found = shutil.which("dscli") or shutil.which("dscli", path=os.path.dirname(sys.executable))
    if found is None:
        raise BackendStartError(f"the command `dscli` is not on this node; run there: {remedy()}")
    return found


def check_ports(config: BackendConfig, placement: Placement, host: str) -> None:
    """Refuse ports on which something listens; BackendStartError names each with its variable.

    The metastore's server shares its port silently (SO_REUSEPORT), which would make two separate
    clusters on one address, so its port has to be tried before the start.
    """
    ports = {WORKER_PORT: placement.port}
    if config.mode == "metastore" and placement.is_head:
        ports[METASTORE_PORT] = config.metastore_port
    deadline = time.monotonic() + _PORT_PATIENCE_S
    while (problems := _port_problems(ports, host)) and time.monotonic() < deadline:
        time.sleep(0.1)
    if problems:
        raise BackendStartError("; ".join(problems), "; ".join(problems))


def free_port(host: str) -> int:
    """Find a port for a worker beside that of another Ray node of this host.

    Below those that Linux gives to outgoing connections, and above Ray's: one of them might be
    somebody else's by the time that the worker is started again.
    """
    candidates = range(_ABOVE_RAYS_PORTS, _lowest_outgoing_port())
    for port in random.sample(candidates, len(candidates)):
        if not why_not_bindable(host, port):
            return port
    raise BackendStartError(
        f"no port from {candidates.start} to {candidates.stop} is free on {host}"
    )


def _lowest_outgoing_port() -> int:
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        lowest = int(file.read().split()[0])
    # A machine may give out nearly all; then any port is as good as another.
    return lowest if lowest > _ABOVE_RAYS_PORTS else _HIGHEST_PORT


def why_not_bindable(host: str, port: int) -> str:
    """Say why nothing could listen there, "" if it could; asks the system by trying."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        # Without this, connections of an earlier worker in TIME_WAIT would count as listeners.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return "another process listens there"
            return str(error)
    return ""


def _port_problems(ports: Mapping[str, int], host: str) -> list[str]:
    return [
        f"port {port} on {host} cannot be used ({problem}); set {variable} to a free one"
        for variable, port in ports.items()
        if (problem := why_not_bindable(host, port))
    ]
