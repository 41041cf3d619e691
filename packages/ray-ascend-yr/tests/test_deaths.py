"""Deaths that a registration mends, and what one leaves that chapter LIFE does not look at."""

from __future__ import annotations

import os
import pathlib
from typing import Any

import psutil
import pytest
import ray
from conftest import Sandbox, wait_until
from sender import new_sender, transfer
from slow_coordinator import new_slow_coordinator

from ray_ascend import register_yr_tensor_transport
from ray_ascend.backend.keeper import is_running
from ray_ascend.backend.report import BackendReport
from ray_ascend.errors import ObjectLostError
from ray_ascend.store.actor_names import COORDINATOR, NAMESPACE
from ray_ascend.store.discovery import find_worker

pytestmark = pytest.mark.datasystem


@pytest.fixture
def registered(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A running backend that soon forgets dead actors."""
    monkeypatch.setenv("RAY_ASCEND_DEAD_ACTOR_GRACE_S", "2")
    sandbox.start_ray()
    register_yr_tensor_transport(["cpu"])
    return sandbox


def pid_of_actor(name: str) -> int:
    """Ask a named actor of the backend for its process."""
    actor: Any = ray.get_actor(name, namespace=NAMESPACE)
    pid: int = ray.get(actor.__ray_call__.remote(lambda _: os.getpid()))
    return pid


def is_lost(ref: Any) -> bool:
    """Tell whether an object's key has been deleted."""
    try:
        ray.get(ref)
    except ObjectLostError:
        return True
    return False


@pytest.mark.usefixtures("registered")
def test_keys_of_a_dead_actor_are_deleted_after_a_while() -> None:
    """An object outlives its actor for the grace period, then its key goes."""
    sender = new_sender()
    ref = sender.make.remote()
    assert float(ray.get(ref).sum()) == 4950.0
    ledgers = os.path.join(find_worker().home, "ledger")

    ray.kill(sender)

    assert float(ray.get(ref).sum()) == 4950.0
    wait_until(lambda: is_lost(ref))
    wait_until(lambda: os.listdir(ledgers) == [])


def test_a_dead_worker_is_replaced_by_the_next_registration(registered: Sandbox) -> None:
    """After kill -9 of the worker nothing of it is left, and old actors work with the new one."""
    sender = new_sender()
    assert float(ray.get(sender.make.remote()).sum()) == 4950.0
    old = find_worker()
    dead = psutil.Process(old.pid)

    dead.kill()
    wait_until(lambda: not is_running(dead))
    register_yr_tensor_transport(["cpu"])

    assert float(ray.get(sender.make.remote()).sum()) == 4950.0
    assert not os.path.exists(old.home)
    assert len(registered.processes("reaper")) == 1


@pytest.mark.usefixtures("registered")
def test_who_finds_its_worker_dead_asks_once() -> None:
    """The answer is where the next one is, and the next attempt goes there."""
    sender = new_sender()
    ray.wait([sender.make.remote()])
    coordinator: Any = ray.get_actor(COORDINATOR, namespace=NAMESPACE)
    before = ray.get(coordinator.questions.remote())
    dead = psutil.Process(find_worker().pid)

    dead.kill()
    wait_until(lambda: not is_running(dead))
    ray.wait([sender.make.remote()])

    of_this_process = 1
    assert ray.get(coordinator.questions.remote()) == before + of_this_process + 1


def test_a_coordinator_that_is_started_again_begins_unasked(sandbox: Sandbox) -> None:
    """It asks itself to begin; until it is made, Ray says that it is being restarted."""
    sandbox.start_ray()
    begun = pathlib.Path(sandbox.directory, "begun")
    coordinator = new_slow_coordinator(begun)
    wait_until(lambda: begun.exists() and begun.read_text() != "")
    first = begun.read_text()

    psutil.Process(int(first)).kill()

    wait_until(lambda: begun.read_text() not in {"", first})
    ray.kill(coordinator)


@pytest.mark.usefixtures("registered")
def test_a_killed_coordinator_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has its settings and finds the worker, which has gone on: objects are still there."""
    sender = new_sender()
    stored = sender.make.remote()
    ray.wait([stored])
    worker, dead = find_worker(), psutil.Process(pid_of_actor(COORDINATOR))
    monkeypatch.setenv("RAY_ASCEND_DEAD_ACTOR_GRACE_S", "7")

    dead.kill()

    wait_until(lambda: not is_running(dead))
    assert find_worker() == worker
    assert float(ray.get(stored).sum()) == 4950.0
    coordinator: Any = ray.get_actor(COORDINATOR, namespace=NAMESPACE)
    report: BackendReport = ray.get(coordinator.report.remote())
    assert report.config is not None
    assert report.config.dead_actor_grace_s == 2.0
    assert report.head == worker.node_id


def test_without_a_coordinator_nothing_stays(registered: Sandbox) -> None:
    """One that was killed for good takes supervisor and worker with it; then all begins anew."""
    ray.kill(ray.get_actor(COORDINATOR, namespace=NAMESPACE))

    wait_until(lambda: registered.leftovers() == [])
    wait_until(lambda: ray.util.list_named_actors(all_namespaces=True) == [])
    register_yr_tensor_transport(["cpu"])
    assert transfer() == 4950.0


def test_a_new_coordinator_ends_the_workers_of_an_old_one(registered: Sandbox) -> None:
    """A registration right after the old one was killed for good has a worker of its own."""
    old = find_worker()

    ray.kill(ray.get_actor(COORDINATOR, namespace=NAMESPACE))
    register_yr_tensor_transport(["cpu"])

    assert find_worker().pid != old.pid
    assert not os.path.exists(old.home)
    assert len(registered.processes("reaper")) == 1
    assert transfer() == 4950.0
