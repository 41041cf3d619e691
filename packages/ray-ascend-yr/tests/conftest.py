"""Fixtures: Ray clusters of the tests' own, on whatever datasystem is on the path."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import pathlib
import random
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import psutil
import pytest
import ray
from ray.cluster_utils import Cluster

from ray_ascend import cleanup_yr_resources, register_yr_tensor_transport

PATIENCE_S = 60.0
HOST = "127.0.0.2"
"""Of the nodes. A 127.0.0.1 that it is given, Ray replaces by a network card's address."""
WITHOUT_MONITORS = {"include_dashboard": False, "include_log_monitor": False, "no_monitor": True}
# The tests on NPUs need the released torch_npu, and a CANN below it; those of a Prometheus page the
# agent of Ray's extra `default`.
collect_ignore = [
    *([] if importlib.util.find_spec("torch_npu") else ["npu"]),
    *([] if importlib.util.find_spec("prometheus_client") else ["agent"]),
]
UNSET = ("YR_DS_INIT_MODE", "YR_DS_ETCD_ADDRESS", "RAY_ASCEND_DEAD_ACTOR_GRACE_S")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker of tests that start workers, and pardon what ray.init leaves open."""
    config.addinivalue_line("markers", "datasystem: starts a datasystem worker through `dscli`")
    for text in (r"subprocess \d+ is still running", "unclosed file .*/dev/null"):
        config.addinivalue_line("filterwarnings", f"ignore:{text}:ResourceWarning")


@dataclass(frozen=True)
class Sandbox:
    """A cluster's ports and the directory in which everything of it is made."""

    directory: str
    worker_port: int
    metastore_port: int
    clusters: list[Cluster] = field(default_factory=list)

    def start_ray(self, **more: Any) -> None:
        """Start a Ray cluster of one node, and be its driver; `more` is for the node.

        `ray.init` alone would start two monitors and a dashboard as well, of which each takes as
        long as an actor.
        """
        cluster = Cluster()
        self.clusters.append(cluster)
        cluster.add_node(
            node_ip_address=HOST,
            num_cpus=2,
            object_store_memory=100_000_000,
            temp_dir=os.path.join(self.directory, "ray"),
            **WITHOUT_MONITORS,
            **more,
        )
        ray.init(address=cluster.address, log_to_driver=False, _node_ip_address=HOST)

    def stop_ray(self) -> None:
        """Leave the cluster and end it, whoever uses it."""
        ray.shutdown()
        _forget_transfers()
        while self.clusters:
            self.clusters.pop().shutdown()

    def leftovers(self) -> list[str]:
        """Name everything of a backend that is still there: directories and processes."""
        homes = [name for name in os.listdir(self.directory) if name.startswith("yr-")]
        return [*homes, *(str(process.pid) for process in self.processes())]

    def processes(self, name: str = "") -> list[psutil.Process]:
        """Find the processes that have the sandbox's directory in their command line."""
        mark = os.path.join(self.directory, "yr-")
        return [
            process
            for process in psutil.process_iter()
            if mark in (command := command_of(process)) and name in command
        ]


def _forget_transfers() -> None:
    """Empty the queue of Ray's monitor, which looks once a second.

    What it has not looked at when a cluster ends, it takes into the next one of this process, where
    its thread ends with an exception (Ray 2.55 to 2.60 rdt_manager).
    """
    manager = getattr(ray._private.worker.global_worker, "_rdt_manager", None)
    queue = getattr(manager, "_unmonitored_transfers", None)
    while queue is not None and not queue.empty():
        queue.get()


@contextlib.contextmanager
def new_sandbox() -> Iterator[Sandbox]:
    """Set the driver's environment; at the end take down whatever is still running."""
    box = Sandbox(tempfile.mkdtemp(prefix="rat-", dir="/tmp"), free_port(), free_port())
    with pytest.MonkeyPatch.context() as environment:
        for variable in UNSET:
            environment.delenv(variable, raising=False)
        environment.setenv("TMPDIR", box.directory)
        environment.setenv("YR_DS_WORKER_PORT", str(box.worker_port))
        environment.setenv("YR_DS_METASTORE_PORT", str(box.metastore_port))
        environment.setenv("YR_DS_WORKER_ARGS", "--shared_memory_size_mb 128")
        environment.setenv("RAY_AUTH_MODE", "disabled")
        # Ray 2.55 gives the user a tip about this variable as a FutureWarning.
        environment.setenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        yield box
        if ray.is_initialized():
            cleanup_yr_resources()
        box.stop_ray()
    wait_until(lambda: not box.leftovers())
    shutil.rmtree(box.directory, ignore_errors=True)


@pytest.fixture(scope="module")
def shared_sandbox() -> Iterator[Sandbox]:
    """An environment for one cluster of a whole module's tests."""
    with new_sandbox() as box:
        yield box


@pytest.fixture(scope="module")
def registered() -> Iterator[Sandbox]:
    """One running backend for the tests of a module that need one."""
    with new_sandbox() as box:
        box.start_ray()
        register_yr_tensor_transport(["cpu"])
        yield box


@pytest.fixture(scope="session")
def peers() -> Iterator[list[Any]]:
    """Three actors on three NPUs of four, in one Ray cluster for all tests in `npu`.

    One for all: what Ray's thread has not yet looked at when a cluster ends, it takes into the next
    one of the same process, where it fails (Ray 2.60 rdt_manager).
    """
    npu_actors = importlib.import_module("npu_actors")
    ray.cloudpickle.register_pickle_by_value(npu_actors)
    with new_sandbox() as box:
        box.start_ray()
        register_yr_tensor_transport(["npu", "cpu"])
        yield [npu_actors.new_peer() for _ in range(3)]
    ray.cloudpickle.unregister_pickle_by_value(npu_actors)


@pytest.fixture
def group(peers: list[Any]) -> Iterator[str]:
    """The name of a collective group of all three."""
    from ray.experimental.collective import destroy_collective_group

    from ray_ascend import create_collective_group

    handle = create_collective_group(peers)
    yield handle.name
    destroy_collective_group(handle)


@pytest.fixture
def casualty() -> Iterator[Any]:
    """An actor with an NPU that may die."""
    actor = importlib.import_module("npu_actors").new_peer()
    yield actor
    ray.kill(actor)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An environment for one test's own clusters."""
    with new_sandbox() as box:
        yield box


def free_port() -> int:
    """Find a port that nobody listens on, outside the ranges that Linux and Ray give out.

    A port of those may be somebody else's by the time that a stopped backend is started again.
    """
    while True:
        port = random.randrange(20_000, 32_000)  # noqa: S311 - nothing secret
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def command_of(process: psutil.Process) -> str:
    """Give a process's command line; empty when it has ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, which must come true."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


@pytest.fixture
def working_directory(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """Run in an empty directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
