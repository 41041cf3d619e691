"""Deaths: whoever dies, what it left is removed, and a registration brings the rest back."""

from __future__ import annotations

import os
from typing import Any

import psutil
import pytest
import ray
from conftest import Sandbox, wait_until
from sender import new_sender, transfer

from ray_ascend import backend, register_yr_tensor_transport
from ray_ascend.coordinator import NAME, NAMESPACE
from ray_ascend.errors import ObjectLostError
from ray_ascend.reaper import is_running

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
    ledgers = os.path.join(backend.find_worker().home, "ledger")

    ray.kill(sender)

    assert float(ray.get(ref).sum()) == 4950.0
    wait_until(lambda: is_lost(ref))
    wait_until(lambda: os.listdir(ledgers) == [])


def test_a_dead_worker_is_replaced_by_the_next_registration(registered: Sandbox) -> None:
    """After kill -9 of the worker nothing of it is left, and old actors work with the new one."""
    sender = new_sender()
    assert float(ray.get(sender.make.remote()).sum()) == 4950.0
    old = backend.find_worker()
    dead = psutil.Process(old.pid)

    dead.kill()
    wait_until(lambda: not is_running(dead))
    register_yr_tensor_transport(["cpu"])

    assert float(ray.get(sender.make.remote()).sum()) == 4950.0
    assert not os.path.exists(old.home)
    assert len(registered.processes("reaper")) == 1


def test_a_dead_worker_is_replaced_when_somebody_needs_it(registered: Sandbox) -> None:
    """After kill -9 of the worker old actors transfer again, without any registration."""
    sender = new_sender()
    lost = sender.make.remote()
    ray.wait([lost])
    old = backend.find_worker()
    dead = psutil.Process(old.pid)

    dead.kill()
    wait_until(lambda: not is_running(dead))

    assert float(ray.get(sender.make.remote()).sum()) == 4950.0
    assert is_lost(lost)
    assert not os.path.exists(old.home)
    assert len(registered.processes("reaper")) == 1


@pytest.mark.parametrize("victim", ["supervisor", "coordinator", "reaper"])
def test_a_killed_part_takes_the_worker_with_it(registered: Sandbox, victim: str) -> None:
    """Kill -9 of any process of the backend ends the worker, and a registration starts anew."""
    endpoint = backend.find_worker()
    pids = {
        "supervisor": lambda: pid_of_actor(f"YRSupervisor_{endpoint.node_id}"),
        "coordinator": lambda: pid_of_actor(NAME),
        "reaper": lambda: registered.processes("reaper")[0].pid,
    }

    psutil.Process(pids[victim]()).kill()

    wait_until(lambda: registered.leftovers() == [])
    assert not os.path.exists(endpoint.home)
    register_yr_tensor_transport(["cpu"])
    assert transfer() == 4950.0
