"""Traces: everything that exists on this machine because of one test process.

Every process that descends from the test process inherits a mark in its environment, so that
daemons, which no longer are its children, are found too. Files are looked for where this suite and
the system under test put them: the private directory of the test process, its working directory
and shared memory.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from yr_conformance.listening import listening_ports
from yr_conformance.marked import MARK_VARIABLE, RAY_VARIABLE, marked_with

SHARED_MEMORY: Final = "/dev/shm"  # noqa: S108 - looked at, not written to
SHARED_MEMORY_PREFIXES: Final = ("yr", "datasystem")
_POLL_S = 0.05


@dataclass(frozen=True)
class Traces:
    """What there is at one moment, each thing described as a reader of the report wants it."""

    processes: Mapping[int, str] = field(default_factory=dict)
    ports: frozenset[str] = field(default_factory=frozenset)
    files: frozenset[str] = field(default_factory=frozenset)
    clients: frozenset[str] = field(default_factory=frozenset)

    def new_since(self, before: Traces) -> list[str]:
        """Describe what is here now and was not before; a process may have another name now."""
        pids = sorted(self.processes.keys() - before.processes.keys())
        pairs = (
            (self.ports, before.ports),
            (self.files, before.files),
            (self.clients, before.clients),
        )
        others = [one for now, then in pairs for one in sorted(now - then)]
        return [*(self.processes[pid] for pid in pids), *others]


def traces(
    mark: str,
    directories: Iterable[str],
    clients: Iterable[object] = (),
    *,
    of_ray: bool = False,
) -> Traces:
    """Look at the processes with the mark, their ports, the directories and the open clients.

    Processes of Ray sessions are left out unless they are asked for. Whatever ends while it is
    being looked at is left out too. Raises nothing.
    """
    processes = [
        status
        for status, marks in marked_with(MARK_VARIABLE, mark)
        if of_ray or RAY_VARIABLE not in marks
    ]
    own = [] if RAY_VARIABLE in os.environ else [os.getpid()]
    ports = listening_ports([status.pid for status in processes] + own)
    return Traces(
        {status.pid: f"process {status.pid} ({status.name})" for status in processes},
        frozenset(described_port(pid, port) for pid in ports for port in ports[pid]),
        frozenset(_files(directories)),
        frozenset(f"client {type(client).__name__} {id(client):#x}" for client in clients),
    )


def described_port(pid: int, port: int) -> str:
    """Say it as traces do."""
    return f"port {port} of process {pid}"


def wait_for_nothing_new(
    before: Traces, look: Callable[[], Traces], patience_s: float
) -> list[str]:
    """Give what is still new after so many seconds; an empty list as soon as nothing is."""
    deadline = time.monotonic() + patience_s
    while (left := look().new_since(before)) and time.monotonic() < deadline:
        time.sleep(_POLL_S)
    return left


def _files(directories: Iterable[str]) -> Iterator[str]:
    for directory in directories:
        with contextlib.suppress(FileNotFoundError):
            yield from (os.path.join(directory, name) for name in os.listdir(directory))
    for name in os.listdir(SHARED_MEMORY):
        if name.startswith(SHARED_MEMORY_PREFIXES):
            yield os.path.join(SHARED_MEMORY, name)
