"""Whether the configured ports of this machine are free, or else whose they are."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import psutil

from ray_ascend.backend.config import METASTORE_PORT, WORKER_PORT, BackendConfig
from ray_ascend.backend.worker_command import why_not_bindable
from ray_ascend.doctor.finding import Finding, State


def check_ports(config: BackendConfig, backend: Sequence[Finding], host: str) -> Iterator[Finding]:
    """Give a finding for each port; `backend` holds what is known of the running workers.

    A port that somebody else holds is an error unless the cluster's worker runs here nevertheless,
    or may itself be that somebody: a cluster that does not answer cannot be asked.
    """
    own = [found.details for found in backend if found.details.get("host") == host]
    workers = {details["pid"] for details in own if "pid" in details}
    taken: State = "error"
    if workers or any(found.state == "error" for found in backend):
        taken = "warning"
    ports = {WORKER_PORT: config.worker_port}
    if config.mode == "metastore":
        ports[METASTORE_PORT] = config.metastore_port
    for variable, port in ports.items():
        yield _check(variable, host, port, workers, taken)


def _check(variable: str, host: str, port: int, workers: set[int], taken: State) -> Finding:
    name, details = f"port {port}", {"variable": variable, "host": host, "port": port}
    problem = why_not_bindable(host, port)
    if not problem:
        return Finding(name, "ok", f"free on {host} ({variable})", details=details)
    holder = _listener(host, port)
    if holder in workers:
        text = f"held by this cluster's worker, process {holder} ({variable})"
        return Finding(name, "ok", text, details={**details, "pid": holder})
    text = f"cannot be used on {host}: {problem}{_describe(holder)}"
    advice = f"set {variable} to a free port, or end what holds this one"
    return Finding(name, taken, text, advice, {**details, "pid": holder})


def _listener(host: str, port: int) -> int | None:
    """Give the process that listens there, if this user may know it."""
    with contextlib.suppress(psutil.AccessDenied):
        for connection in psutil.net_connections("tcp"):
            if connection.status != psutil.CONN_LISTEN or not connection.laddr:
                continue
            # The metastore of the released worker listens on an IPv6 socket.
            ip = connection.laddr.ip.removeprefix("::ffff:")
            if connection.laddr.port == port and ip in {host, "0.0.0.0", "::"}:
                return connection.pid
    return None


def _describe(pid: int | None) -> str:
    if pid is None:
        return ""
    with contextlib.suppress(psutil.Error):
        return f" (process {pid}: {' '.join(psutil.Process(pid).cmdline())[:100]})"
    return f" (process {pid})"
