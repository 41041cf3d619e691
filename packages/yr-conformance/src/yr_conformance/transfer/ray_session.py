"""Ray session: one small Ray cluster with a registered backend, and proof that nothing outlives it.

    pytest process = driver -- Ray -- peers (actors)
           |                            |
           +--------- datasystem worker of the node, started by the transport

Everything is private to the session: ports asked from the system, Ray's directory, the working
directory of all its processes. Every process carries a mark in its environment, by which it is
found again even when it has become a daemon.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import shutil
import tempfile
import uuid
from collections.abc import Iterator

import psutil

from yr_conformance.datasystem.worker import few_threads, free_ports
from yr_conformance.environment import environment_with
from yr_conformance.listening import listening_ports
from yr_conformance.marked import RAY_VARIABLE, processes_with
from yr_conformance.targets import npus
from yr_conformance.transfer.adapter import adapter
from yr_conformance.transfer.ray_agents import end_stranded
from yr_conformance.transfer.registration import DEVICES_VARIABLE, register_transport
from yr_conformance.waiting import wait_until

HOST = "127.0.0.2"
"""Of the node. A 127.0.0.1 that it is given, Ray replaces by a network card's address."""
FETCH_TIMEOUT_SECONDS = 30
SHARED_MEMORY_MB = 512
GRACE_SECONDS = 5
END_SECONDS = 60.0
RAY_ENVIRONMENT = {
    "RAY_AUTH_MODE": "disabled",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # Ray reads this one when it is imported, so it has to be set before anything does that.
    "RAY_rdt_fetch_fail_timeout_milliseconds": str(FETCH_TIMEOUT_SECONDS * 1000),
}
WITHOUT_MONITORS = {"include_dashboard": False, "include_log_monitor": False, "no_monitor": True}
"""Options of a Ray node: no log monitor, whose lines nobody reads, and no autoscaler.

Both look around all the time, and each takes as long to start as an actor.
"""
_RAY_MARKS = (":job_id:", ":actor_name:", ":task_name:")


@dataclasses.dataclass(frozen=True)
class RaySession:
    """What a clause may know of the cluster: where the worker listens and where Ray writes."""

    mark: str
    address: str
    host: str
    worker_port: int
    ray_directory: pathlib.Path
    working_directory: pathlib.Path

    def stderr_of(self, pid: int) -> str:
        """Return what the actor process wrote to its standard error, less Ray's own marks."""
        logs = self.ray_directory / "session_latest" / "logs"
        (path,) = logs.glob(f"worker-*-{pid}.err")
        lines = path.read_text(encoding="utf-8").splitlines()
        return "\n".join(line for line in lines if not line.startswith(_RAY_MARKS))

    def datasystem_pids(self) -> list[int]:
        """Return the processes of this session that listen on the datasystem worker's port."""
        ports = listening_ports([process.pid for process in marked_processes(self.mark)])
        return [pid for pid in ports if self.worker_port in ports[pid]]


@contextlib.contextmanager
def ray_session(etcd_address: str = "", *, cleans_up: bool = True) -> Iterator[RaySession]:
    """Start Ray and the backend in this process; stop both and check that nothing is left.

    With an address, the backend's workers meet in that etcd, else at a metastore. One that does not
    clean up leaves it to the backend to end with its driver.
    """
    mark = uuid.uuid4().hex
    directory = pathlib.Path(tempfile.mkdtemp(prefix="yrc-"))
    working_directory = directory / "cwd"
    working_directory.mkdir()
    worker_port, metastore_port = free_ports(2)
    settings = {
        RAY_VARIABLE: mark,
        # Ray writes the address of the newest cluster there, in one file for all.
        "RAY_TMPDIR": str(directory),
        DEVICES_VARIABLE: "npu,cpu" if npus.count() else "cpu",
        "YR_DS_WORKER_PORT": str(worker_port),
        **_cluster_settings(etcd_address, metastore_port),
        "RAY_ASCEND_DEAD_ACTOR_GRACE_S": str(GRACE_SECONDS),
    }
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        stack.callback(check_nothing_runs, mark)
        stack.enter_context(environment_with(settings))
        with _working_in(working_directory):
            address = _start(stack, cleans_up=cleans_up)
        ray_directory = directory / "ray"
        yield RaySession(mark, address, HOST, worker_port, ray_directory, working_directory)


def _cluster_settings(etcd_address: str, metastore_port: int) -> dict[str, str]:
    arguments = f"--shared_memory_size_mb {SHARED_MEMORY_MB} {' '.join(few_threads())}"
    if not etcd_address:
        return {
            "YR_DS_INIT_MODE": "metastore",
            "YR_DS_METASTORE_PORT": str(metastore_port),
            "YR_DS_WORKER_ARGS": arguments,
        }
    return {
        "YR_DS_INIT_MODE": "etcd",
        "YR_DS_ETCD_ADDRESS": etcd_address,
        "YR_DS_WORKER_ARGS": arguments,
    }


def marked_processes(mark: str) -> list[psutil.Process]:
    """Return the processes other than this one that inherited the mark of a session."""
    return processes_with(RAY_VARIABLE, mark)


def check_nothing_runs(mark: str) -> None:
    """Wait for the processes of a session to end; those that do not are named, and killed."""
    try:
        wait_until(lambda: not _left_of(mark), "the processes have ended", END_SECONDS)
    except AssertionError as error:
        left = marked_processes(mark)
        names = [process.as_dict(["pid", "cmdline"]) for process in left]
        for process in left:
            process.kill()
        raise AssertionError(f"left running at the end: {names}") from error


def _left_of(mark: str) -> list[psutil.Process]:
    left = marked_processes(mark)
    end_stranded(left)
    return left


def _start(stack: contextlib.ExitStack, *, cleans_up: bool) -> str:
    """Start one node and be its driver; `ray.init` alone would start monitors with it."""
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster()
    stack.callback(cluster.shutdown)
    cluster.add_node(
        node_ip_address=HOST, num_cpus=2, object_store_memory=200_000_000, **WITHOUT_MONITORS
    )
    stack.callback(ray.shutdown)
    ray.init(
        address=cluster.address,
        log_to_driver=False,
        logging_level="warning",
        _node_ip_address=HOST,
    )
    if cleans_up:
        stack.callback(adapter().cleanup)
    register_transport()
    return str(cluster.address)


@contextlib.contextmanager
def _working_in(directory: pathlib.Path) -> Iterator[None]:
    before = os.getcwd()
    os.chdir(directory)
    try:
        yield
    finally:
        os.chdir(before)
