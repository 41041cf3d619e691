"""A fake worker for the device tests, started and stopped by the shim's dscli."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from yr_fake_ds import activation

DSCLI = os.path.join(activation.SHIM_ROOT, "bin", "dscli")


@dataclass(frozen=True)
class NpuWorker:
    """One running worker."""

    port: int
    metastore: str


@contextmanager
def running_worker(joins: str = "") -> Iterator[NpuWorker]:
    """Give a worker: the head of a cluster of its own, or one of the cluster that it joins."""
    worker = NpuWorker(free_port(), joins or f"127.0.0.1:{free_port()}")
    address = f"127.0.0.1:{worker.port}"
    flags = {
        "--worker_address": address,
        "--metastore_address": worker.metastore,
        "--start_metastore_service": str(not joins).lower(),
        "--shared_memory_size_mb": "64",
        "--client_dead_timeout_s": "3",
    }
    words = [word for pair in flags.items() for word in pair]
    with tempfile.TemporaryDirectory(prefix="yrd") as home:
        _dscli(home, "start", "-d", home, "-w", *words)
        try:
            yield worker
        finally:
            _dscli(home, "stop", "-w", address)


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _dscli(home: str, *arguments: str) -> None:
    environ = {**os.environ, activation.PYTHON_VARIABLE: sys.executable}
    done = subprocess.run(
        [DSCLI, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=environ,
        cwd=home,
    )
    if done.returncode:
        raise RuntimeError(f"dscli {arguments[0]} failed: {done.stdout}{done.stderr}")
