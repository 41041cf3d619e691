"""Two workers on one metastore, as processes of their own that a test may kill."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from served_worker import wait_until
from started_worker import dscli, free_port


@dataclass
class Member:
    """One worker of a cluster."""

    metastore: str
    is_head: bool
    home: str
    port: int = field(default_factory=free_port)
    pid: int = 0

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, with 4 MiB."""
        outcome = dscli(
            *("start", "-t", "30", "-d", self.home, "-w", "--worker_address", self.address),
            *("--shared_memory_size_mb", "4", *self.cluster_flags()),
        )
        match = re.search(r"success, PID: (\d+)", outcome.stdout)
        assert match, outcome
        self.pid = int(match[1])

    def cluster_flags(self) -> list[str]:
        """Say where the cluster meets."""
        is_head = str(self.is_head).lower()
        return ["--metastore_address", self.metastore, "--start_metastore_service", is_head]

    def stop(self) -> None:
        """Stop it in order; it may be gone already."""
        dscli("stop", "--worker_address", self.address)

    def kill(self) -> None:
        """Let it crash."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        wait_until(lambda: not is_running(self.pid), f"{self.pid} is gone")


@dataclass
class Cluster:
    """The head, which hosts the metastore, and a worker that joined it."""

    head: Member
    joined: Member


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A cluster that the tests of a module share."""
    with _cluster() as running:
        yield running


@pytest.fixture
def fresh_cluster() -> Iterator[Cluster]:
    """A cluster that a test may break."""
    with _cluster() as running:
        yield running


def is_running(pid: int) -> bool:
    """Tell whether a process is there and no zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@contextlib.contextmanager
def _cluster() -> Iterator[Cluster]:
    with contextlib.ExitStack() as stack:
        metastore = f"127.0.0.1:{free_port()}"
        members = []
        for is_head in (True, False):
            home = stack.enter_context(tempfile.TemporaryDirectory(prefix="yrm-", dir="/tmp"))
            member = Member(metastore, is_head, home)
            member.start()
            stack.callback(member.kill)
            members.append(member)
        yield Cluster(*members)
