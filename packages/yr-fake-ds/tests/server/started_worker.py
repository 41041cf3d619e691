"""A worker of the tests' own, started as a user starts it."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Started:
    """A running worker."""

    host: str
    port: int
    pid: int
    home: str


def dscli(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the fake's dscli to its end."""
    command = [sys.executable, "-m", "yr_fake_ds.dscli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def free_port() -> int:
    """Ask the system for a port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def worker() -> Iterator[Started]:
    """A worker with 16 MiB."""
    with tempfile.TemporaryDirectory(prefix="yrs-", dir="/tmp") as home:
        port = free_port()
        address = f"127.0.0.1:{port}"
        metastore = ["--metastore_address", f"127.0.0.1:{free_port()}"]
        options = [*metastore, "--start_metastore_service", "true", "--shared_memory_size_mb", "16"]
        started = dscli("start", "-d", home, "-w", "--worker_address", address, *options)
        match = re.search(r"success, PID: (\d+)", started.stdout)
        assert match, started
        yield Started("127.0.0.1", port, int(match[1]), home)
        dscli("stop", "--worker_address", address)
