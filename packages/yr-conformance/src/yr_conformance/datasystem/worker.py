"""A datasystem worker of the suite's own: private ports, a private short home, a certain end."""

from __future__ import annotations

import contextlib
import pathlib
import random
import re
import shutil
import socket
import tempfile
from dataclasses import dataclass

from yr_conformance.datasystem.cluster import Cluster
from yr_conformance.datasystem.dscli import Outcome, dscli
from yr_conformance.listening import listening_ports
from yr_conformance.living import await_last_thread, is_alive, kill

HOST = "127.0.0.1"
_PORTS = range(20_000, 32_000)
"""Above those that Ray gives its processes, below those of outgoing connections."""
SHARED_MEMORY_MB = 256
CLIENT_DEAD_S = "15"
"""A living client was taken for dead in 5 s, at a load of 9 on two CPUs: others go first."""
FEW_THREADS = {
    "sc_regular_socket_num": 1,
    "sc_stream_socket_num": 1,
    "rpc_thread_num": 8,
    "remote_send_thread_num": 1,
    "spill_thread_num": 1,
    "l2_cache_delete_thread_num": 1,
    "rocksdb_background_threads": 1,
    "io_thread_nice": 0,
}
"""Flags for workers on small machines, without effect on what is tested.

With its defaults an idle worker has 500 threads, 28 of them before everybody else (nice -15), and
takes 11 % of a CPU; with these 350, and 5 % (measured on openyuanrong-datasystem 0.8.1).
"""
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
        arguments += ["--arena_per_tenant", "1", "--client_dead_timeout_s", CLIENT_DEAD_S]
        if "--shared_memory_size_mb" not in self.options:
            arguments += ["--shared_memory_size_mb", str(SHARED_MEMORY_MB)]
        return arguments + list(self.options) + few_threads()

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
        outcome = dscli("stop", "--worker_address", self.address)
        await_last_thread(self.pid)
        return outcome

    def kill(self) -> None:
        """End it as a crash would, and wait until the process is gone."""
        kill(self.pid)

    @property
    def alive(self) -> bool:
        """Whether the process runs, be it with its last thread."""
        return self.pid != 0 and is_alive(self.pid)

    def listening_ports(self) -> frozenset[int]:
        """The TCP ports that the process listens on."""
        return listening_ports([self.pid])[self.pid]

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


def few_threads() -> list[str]:
    """Give `FEW_THREADS` as arguments of dscli."""
    return [word for name, value in FEW_THREADS.items() for word in (f"--{name}", str(value))]


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
    """Find different TCP ports that nobody uses now, and that the system gives to nobody.

    A process that is started again at its port could otherwise meet somebody else's connection.
    """
    found: list[int] = []
    with contextlib.ExitStack() as stack:
        # Not as seeded: test processes beside each other have one seed.
        candidates = random.SystemRandom().sample(_PORTS, len(_PORTS))
        while len(found) < count:
            probe = stack.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                probe.bind(("", port := candidates.pop()))
                found.append(port)
    return found
