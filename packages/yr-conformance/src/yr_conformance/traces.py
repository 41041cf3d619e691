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
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import psutil

MARK_VARIABLE: Final = "YR_CONFORMANCE_PROCESS"
RAY_VARIABLE: Final = "YR_CONFORMANCE_SESSION"
"""Processes of the Ray session come and go as Ray likes; the session checks them at its end."""

SHARED_MEMORY: Final = "/dev/shm"  # noqa: S108 - looked at, not written to
SHARED_MEMORY_PREFIXES: Final = ("yr", "datasystem")
_POLL_S = 0.05


@dataclass(frozen=True)
class Traces:
    """What there is at one moment, each thing described as a reader of the report wants it."""

    processes: frozenset[str] = field(default_factory=frozenset)
    ports: frozenset[str] = field(default_factory=frozenset)
    files: frozenset[str] = field(default_factory=frozenset)
    clients: frozenset[str] = field(default_factory=frozenset)

    def new_since(self, before: Traces) -> list[str]:
        """Describe what is here now and was not before."""
        pairs = (
            (self.processes, before.processes),
            (self.ports, before.ports),
            (self.files, before.files),
            (self.clients, before.clients),
        )
        return [one for now, then in pairs for one in sorted(now - then)]


def traces(mark: str, directories: Iterable[str], clients: Iterable[object] = ()) -> Traces:
    """Look at the processes with the mark, their ports, the directories and the open clients.

    Whatever ends while it is being looked at is left out. Raises nothing.
    """
    processes = list(marked_processes(mark))
    own = [] if RAY_VARIABLE in os.environ else [psutil.Process()]
    return Traces(
        frozenset(_described(processes)),
        frozenset(port for process in processes + own for port in _listening(process)),
        frozenset(_files(directories)),
        frozenset(f"client {type(client).__name__} {id(client):#x}" for client in clients),
    )


def marked_processes(mark: str) -> Iterator[psutil.Process]:
    """Yield the other living processes that inherited the mark, those of a Ray session excepted."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            environment = process.environ()
            if environment.get(MARK_VARIABLE) == mark and RAY_VARIABLE not in environment:
                yield process


def wait_for_nothing_new(
    before: Traces, look: Callable[[], Traces], patience_s: float
) -> list[str]:
    """Give what is still new after so many seconds; an empty list as soon as nothing is."""
    deadline = time.monotonic() + patience_s
    while (left := look().new_since(before)) and time.monotonic() < deadline:
        time.sleep(_POLL_S)
    return left


def _described(processes: Iterable[psutil.Process]) -> Iterator[str]:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            yield f"process {process.pid} ({process.name()})"


def _listening(process: psutil.Process) -> Iterator[str]:
    with contextlib.suppress(psutil.Error):
        for connection in process.net_connections(kind="tcp"):
            if connection.status == psutil.CONN_LISTEN:
                yield f"port {connection.laddr.port} of process {process.pid}"


def _files(directories: Iterable[str]) -> Iterator[str]:
    for directory in directories:
        with contextlib.suppress(FileNotFoundError):
            yield from (os.path.join(directory, name) for name in os.listdir(directory))
    for name in os.listdir(SHARED_MEMORY):
        if name.startswith(SHARED_MEMORY_PREFIXES):
            yield os.path.join(SHARED_MEMORY, name)
