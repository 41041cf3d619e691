"""Deaths that a registration mends; the suite has those that mend themselves (chapter LIFE)."""

from __future__ import annotations

import os

import psutil
import pytest
import ray
from conftest import Sandbox, wait_until
from sender import new_sender, transfer

from ray_ascend import backend, register_yr_tensor_transport
from ray_ascend.actor_names import COORDINATOR, NAMESPACE
from ray_ascend.reaper import is_running

pytestmark = pytest.mark.datasystem


@pytest.fixture
def registered(sandbox: Sandbox) -> Sandbox:
    """A running backend."""
    sandbox.start_ray()
    register_yr_tensor_transport(["cpu"])
    return sandbox


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


def test_without_a_coordinator_nothing_stays(registered: Sandbox) -> None:
    """One that was killed for good takes supervisor and worker with it; then all begins anew."""
    ray.kill(ray.get_actor(COORDINATOR, namespace=NAMESPACE))

    wait_until(lambda: registered.leftovers() == [])
    wait_until(lambda: ray.util.list_named_actors(all_namespaces=True) == [])
    register_yr_tensor_transport(["cpu"])
    assert transfer() == 4950.0


def test_a_new_coordinator_ends_the_workers_of_an_old_one(registered: Sandbox) -> None:
    """A registration right after the old one was killed for good has a worker of its own."""
    old = backend.find_worker()

    ray.kill(ray.get_actor(COORDINATOR, namespace=NAMESPACE))
    register_yr_tensor_transport(["cpu"])

    assert backend.find_worker().pid != old.pid
    assert not os.path.exists(old.home)
    assert len(registered.processes("reaper")) == 1
    assert transfer() == 4950.0
