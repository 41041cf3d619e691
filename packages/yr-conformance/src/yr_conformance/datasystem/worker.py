"""A datasystem worker of the suite's own: private ports, a private short home, a certain end."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import tempfile
from dataclasses import dataclass

import psutil

from yr_conformance.datasystem.cluster import Cluster
from yr_conformance.datasystem.dscli import Outcome, dscli
from yr_conformance.waiting import wait_until

HOST = "127.0.0.1"
SHARED_MEMORY_MB = 256
_PID = re.compile(r"success, PID: (\d+)")


@dataclass
class Worker:
    """One worker; the head is the first of its cluster, the others join it."""

    port: int
    cluster: Cluster
    home: str
    head: bool = True
    options: tuple[str, ...] = ()
    pid: int = 0

    @property
    def address(self) -> str:
        """Host and port, as dscli takes them."""
        return f"{HOST}:{self.port}"

    def start_arguments(self) -> list[str]:
        """The arguments of `dscli start` for this worker."""
        arguments = ["-d", self.home, "-w", "--worker_address", self.address]
        arguments += self.cluster.flags(is_head=self.head)
        arguments += ["--arena_per_tenant", "1", "--client_dead_timeout_s", "5"]
        if "--shared_memory_size_mb" not in self.options:
            arguments += ["--shared_memory_size_mb", str(SHARED_MEMORY_MB)]
        return arguments + list(self.options)

    def start(self) -> Outcome:
        """Start it, again after an end; AssertionError with what dscli said when it cannot."""
        outcome = dscli("start", *self.start_arguments())
        assert outcome.status == 0, outcome
        self.pid = started_pid(outcome)
        assert self.pid, outcome
        _let_others_go_first(self.pid)
        return outcome

    def stop(self) -> Outcome:
        """Stop it in order."""
        return dscli("stop", "--worker_address", self.address)

    def kill(self) -> None:
        """End it as a crash would, and wait until the process is gone."""
        os.kill(self.pid, signal.SIGKILL)
        wait_until(lambda: not self.alive, f"worker {self.pid} is gone")

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            return self.pid != 0 and process.status() != psutil.STATUS_ZOMBIE
        return False

    def listening_ports(self) -> set[int]:
        """The TCP ports that the process listens on."""
        connections = psutil.Process(self.pid).net_connections(kind="tcp")
        return {one.laddr.port for one in connections if one.status == psutil.CONN_LISTEN}

    def close(self) -> None:
        """Stop it and remove its home; AssertionError if `dscli stop` did not end it.

        Any number of times, and also after the worker died. It is gone in any case.
        """
        try:
            if self.alive:
                outcome = self.stop()
                assert outcome.status == 0, outcome
                assert not self.alive, f"dscli stop left process {self.pid}: {outcome}"
        finally:
            self.discard()

    def discard(self) -> None:
        """End it at once and remove its home, where an orderly stop proves nothing new."""
        if self.alive:
            self.kill()
        shutil.rmtree(self.home, ignore_errors=True)


def head_worker(cluster: Cluster, home: str, *options: str) -> Worker:
    """Make the worker that will be the first of a cluster, on a free port."""
    (port,) = free_ports(1)
    return Worker(port, cluster, home, options=options)


def joining_worker(head: Worker, home: str, *options: str) -> Worker:
    """Make a worker that will join the cluster of another one."""
    (port,) = free_ports(1)
    return Worker(port, head.cluster, home, head=False, options=options)


def started_pid(outcome: Outcome) -> int:
    """Give the process that `dscli start` says that it started, 0 if it started none."""
    match = _PID.search(outcome.output)
    return int(match[1]) if match else 0


def _let_others_go_first(pid: int) -> None:
    """Lower the worker's session where the kernel shares CPUs by session.

    I/O threads of the released worker spin after a client has gone; on two CPUs the suite itself
    then waited for up to 23 s (measured on openyuanrong-datasystem 0.8.1 and Linux 6.18).
    """
    with contextlib.suppress(OSError):
        pathlib.Path(f"/proc/{pid}/autogroup").write_text("10")


def new_home(parent: str) -> str:
    """Make a directory for a worker; its path must stay under 60 characters."""
    return tempfile.mkdtemp(prefix="w-", dir=parent)


def free_ports(count: int) -> list[int]:
    """Ask the system for different TCP ports of loopback that nobody uses now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in sockets:
            probe.bind((HOST, 0))
        return [int(probe.getsockname()[1]) for probe in sockets]
