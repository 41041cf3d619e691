"""The workers that run, found among processes by their command lines."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import psutil

from yr_conformance.settings.attempt import RunningWorker

_IPV4: Final = "::ffff:"
"""Before an address of IPv4 at which a socket of IPv6 listens."""
_ADDRESS = re.compile(r"--?worker_address=(.+)")


def workers_among(processes: Iterable[psutil.Process]) -> list[RunningWorker]:
    """Describe the datasystem workers among the processes, in the order of their addresses."""
    found = [worker for process in processes if (worker := _worker_in(process))]
    return sorted(found, key=lambda worker: worker.address)


def _worker_in(process: psutil.Process) -> RunningWorker | None:
    try:
        words = process.cmdline()
        connections = process.net_connections(kind="tcp")
    except psutil.Error:
        return None
    address = next((match[1] for word in words if (match := _ADDRESS.fullmatch(word))), "")
    if not address:
        return None
    flags = dict(word.lstrip("-").split("=", 1) for word in words if "=" in word)
    listening = [one.laddr for one in connections if one.status == psutil.CONN_LISTEN]
    listens = {f"{local.ip.removeprefix(_IPV4)}:{local.port}" for local in listening}
    return RunningWorker(process.pid, address, flags, tuple(sorted(listens)))
