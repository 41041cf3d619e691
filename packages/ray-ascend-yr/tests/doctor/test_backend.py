"""A running cluster: what the doctor says of its backend, healthy, stopped, dead and gone."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
import ray
from conftest import Sandbox, wait_until
from diagnosis import diagnose

from ray_ascend import cleanup_yr_resources, register_yr_tensor_transport
from ray_ascend.backend.keeper import is_running
from ray_ascend.store.actor_names import COORDINATOR, NAMESPACE, supervisor_name
from ray_ascend.store.discovery import find_worker
from ray_ascend.store.endpoint import WorkerEndpoint

pytestmark = pytest.mark.datasystem


@pytest.fixture(scope="module")
def cluster(shared_sandbox: Sandbox) -> str:
    """The address of a Ray cluster."""
    shared_sandbox.start_ray()
    return str(ray.get_runtime_context().gcs_address)


@pytest.fixture
def worker(cluster: str) -> Iterator[WorkerEndpoint]:
    """A running backend's worker."""
    register_yr_tensor_transport(["cpu"])
    yield find_worker()
    cleanup_yr_resources()


def supervisor_pid(worker: WorkerEndpoint) -> int:
    """Ask the actor that keeps the worker for its process."""
    actor: Any = ray.get_actor(supervisor_name(worker.node_id), namespace=NAMESPACE)
    pid: int = ray.get(actor.__ray_call__.remote(lambda _: os.getpid()))
    return pid


def questions() -> int:
    """Ask how often a worker was asked for, which starts one where it is needed."""
    coordinator: Any = ray.get_actor(COORDINATOR, namespace=NAMESPACE)
    count: int = ray.get(coordinator.questions.remote())
    return count


def test_a_running_backend_is_healthy(cluster: str, worker: WorkerEndpoint) -> None:
    """Coordinator and worker answer, the ports are the worker's, and nothing has been asked for."""
    before = questions()

    diagnosis = diagnose(cluster)

    assert diagnosis.status == 0
    assert diagnosis[f"worker {worker.address}"]["details"]["pid"] == worker.pid
    assert f"worker port {worker.port}" in diagnosis["coordinator"]["text"]
    for variable in ("YR_DS_WORKER_PORT", "YR_DS_METASTORE_PORT"):
        assert diagnosis[f"port {os.environ[variable]}"]["details"]["pid"] == worker.pid
    assert questions() == before


def test_other_settings_in_this_shell_are_a_warning(cluster: str, worker: WorkerEndpoint) -> None:
    """The settings in force are shown, and which of this shell's are not."""
    diagnosis = diagnose(cluster, RAY_ASCEND_DEAD_ACTOR_GRACE_S="7")

    assert diagnosis.status == 0
    assert diagnosis.names("warning") == ["coordinator"]
    assert "dead_actor_grace_s 60.0 and not 7.0" in diagnosis["coordinator"]["text"]


def test_this_machine_is_checked_for_what_is_in_force(cluster: str, worker: WorkerEndpoint) -> None:
    """Ports are those of the running backend, also in a shell where a variable is wrong."""
    diagnosis = diagnose(cluster, YR_DS_WORKER_PORT="none")

    assert diagnosis.names("error") == ["configuration"]
    assert diagnosis[f"port {worker.port}"]["details"]["pid"] == worker.pid


def test_a_stopped_worker_is_an_error(cluster: str, worker: WorkerEndpoint) -> None:
    """A worker that does not run is found without waiting for it."""
    os.kill(worker.pid, signal.SIGSTOP)
    try:
        diagnosis = diagnose(cluster)
    finally:
        os.kill(worker.pid, signal.SIGCONT)

    assert diagnosis.status == 1
    assert diagnosis.names("error") == [f"worker {worker.address}"]
    assert "kill -CONT" in diagnosis[f"worker {worker.address}"]["advice"]


def test_a_dead_worker_is_an_error_and_stays_dead(
    cluster: str, worker: WorkerEndpoint, shared_sandbox: Sandbox
) -> None:
    """The finding has the last lines of its log; the doctor starts no other in its place.

    The supervisor, which would, is stopped meanwhile.
    """
    dead, supervisor = psutil.Process(worker.pid), psutil.Process(supervisor_pid(worker))
    supervisor.suspend()
    try:
        dead.kill()
        wait_until(lambda: not is_running(dead))
        diagnosis = diagnose(cluster)
        assert len(shared_sandbox.processes("reaper")) == 1
        assert os.path.exists(worker.home)
    finally:
        supervisor.resume()

    check = diagnosis[f"worker {worker.address}"]
    assert diagnosis.status == 1
    assert (check["state"], check["log"] == []) == ("error", False)
    assert "dead" in check["text"]


def test_a_cluster_without_a_backend_is_a_warning(cluster: str) -> None:
    """Nobody has registered: that is said, and the doctor does not do it either."""
    diagnosis = diagnose(cluster)

    assert diagnosis.status == 0
    assert diagnosis.names("warning") == ["coordinator"]
    assert ray.util.list_named_actors(all_namespaces=True) == []
