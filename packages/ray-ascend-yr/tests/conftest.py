"""Fixtures: Ray clusters of the tests' own, on whatever datasystem is on the path."""

from __future__ import annotations

import os
import pathlib
import socket
import tempfile
from collections.abc import Callable, Iterator

import psutil
import pytest
import ray

from ray_ascend import cleanup_yr_resources

VARIABLES = ("YR_DS_INIT_MODE", "YR_DS_WORKER_ARGS", "YR_DS_ETCD_ADDRESS")


def free_port() -> int:
    """Ask the system for a port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Ports of the backend, in the driver's environment: worker, metastore."""
    worker, metastore = free_port(), free_port()
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("YR_DS_WORKER_PORT", str(worker))
    monkeypatch.setenv("YR_DS_METASTORE_PORT", str(metastore))
    monkeypatch.setenv("YR_DS_WORKER_ARGS", "--shared_memory_size_mb 128")
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    monkeypatch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    return worker, metastore


@pytest.fixture
def start_ray(ports: tuple[int, int]) -> Iterator[Callable[[], None]]:
    """Start Ray in this process; whatever is running at the end is taken down."""
    directory = tempfile.mkdtemp(prefix="rat-", dir="/tmp")

    def start() -> None:
        ray.init(
            num_cpus=2,
            include_dashboard=False,
            log_to_driver=False,
            object_store_memory=100_000_000,
            _temp_dir=directory,
        )

    yield start
    if ray.is_initialized():
        cleanup_yr_resources()
        ray.shutdown()
    for path in sorted(pathlib.Path(directory).rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    os.rmdir(directory)


def workers_on(port: int) -> list[psutil.Process]:
    """Find datasystem workers by their command line."""
    wanted = f"worker_address=127.0.0.1:{port}"
    found = []
    for process in psutil.process_iter():
        try:
            arguments = process.cmdline()
        except psutil.Error:
            continue
        if any(argument.endswith(wanted) for argument in arguments):
            found.append(process)
    return found


def homes() -> set[str]:
    """List the directories of workers."""
    parent = tempfile.gettempdir()
    return {name for name in os.listdir(parent) if name.startswith("yr-")}
