"""A worker in the test's own process: the same parts, wired by the worker's own code."""

from __future__ import annotations

import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from yr_fake_ds.daemon.__main__ import _serve
from yr_fake_ds.daemon.coordination import Coordination
from yr_fake_ds.daemon.memory import Memory
from yr_fake_ds.daemon.server import WorkerServer
from yr_fake_ds.daemon.settings import WorkerSettings
from yr_fake_ds.directory.service import DirectoryService
from yr_fake_ds.faults.injection import Injector
from yr_fake_ds.faults.plan import Plan

CAPACITY = 2**20
NEVER_S = 3600

Serve = Callable[..., "Served"]


@dataclass(frozen=True)
class Served:
    """What a test looks at: the port to connect to, and the memory behind it."""

    port: int
    memory: Memory

    @property
    def used(self) -> int:
        """Bytes that are in use now."""
        return self.memory.blocks.allocator.used


def wait_until(condition: Callable[[], bool], what: str, timeout_s: float = 20) -> None:
    """Wait for a condition; AssertionError with `what` if it does not come."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.005)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a worker of 1 MiB with the given settings."""
    servers: list[WorkerServer] = []
    with tempfile.TemporaryDirectory(prefix="yrv-", dir="/tmp") as home:

        def start(**settings: int) -> Served:
            sock = socket.create_server(("127.0.0.1", 0))
            port = sock.getsockname()[1]
            path = os.path.join(home, f"{port}.sock")
            address = f"127.0.0.1:{port}"
            chosen: dict[str, Any] = {"client_dead_timeout_s": NEVER_S, **settings}
            memory, directory = Memory(CAPACITY), DirectoryService()
            directory.join(address, memory.drop)
            wanted = WorkerSettings(worker_address=address, **chosen)
            servers.append(
                _serve(wanted, memory, Coordination(directory), Injector(Plan()), sock, path)
            )
            return Served(port, memory)

        yield start
        for server in servers:
            server.close()
