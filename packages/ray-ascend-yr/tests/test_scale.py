"""How much the backend's parts are asked, counted, in a cluster of several nodes and actors.

process --once--> coordinator --each look, each question--> supervisors
a transfer in the steady state --> nobody
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import ray
import ray_calls
import torch
from conftest import WITHOUT_MONITORS, Sandbox, wait_until
from ray.actor import ActorMethod
from ray.cluster_utils import Cluster
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from ray_ascend import cleanup_yr_resources, register_yr_tensor_transport
from ray_ascend.store.actor_names import COORDINATOR, NAMESPACE, supervisor_name

pytestmark = pytest.mark.datasystem

HOSTS = ("127.0.0.2", "127.0.0.3")
ACTORS_OF_A_NODE = 3
OPTIONS = {"num_cpus": 1, "object_store_memory": 80_000_000, **WITHOUT_MONITORS}


@pytest.fixture(scope="module")
def nodes(shared_sandbox: Sandbox) -> Iterator[list[str]]:
    """The node ids of a cluster with a backend."""
    cluster = Cluster()
    directory = os.path.join(shared_sandbox.directory, "ray")
    for number, host in enumerate(HOSTS):
        only_head = {} if number else {"temp_dir": directory}
        cluster.add_node(node_ip_address=host, **OPTIONS, **only_head)
    ray.init(address=cluster.address, log_to_driver=False, _node_ip_address=HOSTS[0])
    ray.cloudpickle.register_pickle_by_value(ray_calls)
    register_yr_tensor_transport(["cpu"])
    yield [str(node["NodeID"]) for node in ray.nodes()]
    ray.cloudpickle.unregister_pickle_by_value(ray_calls)
    cleanup_yr_resources()
    ray.shutdown()
    cluster.shutdown()


@pytest.fixture(scope="module")
def residents(nodes: list[str]) -> list[Any]:
    """Some actors on every node, which have registered and have transferred."""
    made = new_residents(nodes, ACTORS_OF_A_NODE, registers=True)
    transfer(made)
    return made


@pytest.fixture(scope="module")
def coordinator(residents: list[Any]) -> Any:
    """The coordinator, once every node has a worker."""
    return ray.get_actor(COORDINATOR, namespace=NAMESPACE)


def new_residents(nodes: list[str], each: int, *, registers: bool) -> list[Any]:
    """Make so many actors on each node, which write down what they call from the beginning."""

    @ray.remote(num_cpus=0, enable_tensor_transport=True)
    class Resident:
        def __init__(self) -> None:
            self.calls: list[str] = []
            ray_calls.note_calls(self.calls)
            if registers:
                register_yr_tensor_transport(["cpu"])

        @ray.method(tensor_transport="YR")
        def make(self) -> torch.Tensor:
            return torch.arange(100.0)

        def total(self, tensor: torch.Tensor) -> float:
            return float(tensor.sum())

        def calls_so_far(self) -> list[str]:
            return list(self.calls)

    affinities = [NodeAffinitySchedulingStrategy(node, soft=False) for node in nodes]
    return [
        Resident.options(scheduling_strategy=one).remote()  # type: ignore[attr-defined]  # of Ray
        for one in affinities
        for _ in range(each)
    ]


def transfer(residents: list[Any]) -> None:
    """Let each send an object to its neighbour, and one to the driver."""
    neighbours = [*residents[1:], residents[0]]
    sums = [
        receiver.total.remote(sender.make.remote())
        for sender, receiver in zip(residents, neighbours, strict=True)
    ]
    assert ray.get(sums) == [4950.0] * len(residents)
    assert float(ray.get(residents[0].make.remote()).sum()) == 4950.0


def test_an_actor_that_registers_asks_once(residents: list[Any]) -> None:
    """It looks for the coordinator and asks for its worker; its transfers ask nothing more."""
    transfer(residents)

    asked = ray.get([resident.calls_so_far.remote() for resident in residents])
    assert asked == [["ray.get_actor", "endpoint"]] * len(residents)


def test_an_actor_that_does_not_register_asks_whether_there_is_a_backend(nodes: list[str]) -> None:
    """Once, for its first object, and then for its worker; who has received knows already."""
    residents = new_residents(nodes, 1, registers=False)

    transfer(residents)

    for resident in residents:
        asked = ray.get(resident.calls_so_far.remote())
        whether = ["ray.get_actor", "idle"] * asked.count("idle")
        assert asked == [*whether, "ray.get_actor", "endpoint"]
        assert asked.count("idle") <= 1


def test_a_transfer_in_the_steady_state_asks_nobody(
    residents: list[Any], coordinator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither coordinator nor Ray's tables: the driver calls the two methods and nothing else."""
    for module, name in (*ray_calls.TABLES, (ActorMethod, "_remote")):
        monkeypatch.setattr(module, name, getattr(module, name))
    before = ray.get([resident.calls_so_far.remote() for resident in residents])
    questions = ray.get(coordinator.questions.remote())
    of_driver: list[str] = []
    ray_calls.note_calls(of_driver)

    for _ in range(10):
        transfer(residents)

    assert Counter(of_driver) == {"make": 10 * (len(residents) + 1), "total": 10 * len(residents)}
    assert ray.get([resident.calls_so_far.remote() for resident in residents]) == before
    assert ray.get(coordinator.questions.remote()) == questions


def test_a_look_asks_each_supervisor_once(nodes: list[str], coordinator: Any) -> None:
    """One question to each node, one each to Ray's tables of nodes and jobs, none for actors."""
    ray_calls.watch(coordinator)

    wait_until(lambda: len(ray_calls.looks_of(ray_calls.calls_of(coordinator))) >= 2)

    for look in ray_calls.looks_of(ray_calls.calls_of(coordinator)):
        assert Counter(look) == {"ray.nodes": 1, "ray.jobs": 1, "start": len(nodes)}


def test_a_supervisor_looks_for_the_coordinator_only(nodes: list[str], coordinator: Any) -> None:
    """What it asks by itself is whether Ray still knows the coordinator's name."""
    supervisor = supervisor_of(nodes[-1])
    ray_calls.watch(supervisor)

    wait_until(lambda: len(ray_calls.calls_of(supervisor)) >= 2)

    assert set(ray_calls.calls_of(supervisor)) == {"ray.get_actor"}


def test_questions_that_wait_share_the_next_answer(nodes: list[str], coordinator: Any) -> None:
    """While the head's supervisor is busy a hundred of another node come: then each is asked once.

    In addition each may be answering somebody who came before.
    """
    head = supervisor_of(ray.get(coordinator.report.remote()).head)
    (other,) = set(nodes) - {ray.get(coordinator.report.remote()).head}
    ray_calls.watch(coordinator)
    ray.get(head.__ray_call__.remote(lambda this: this._starting.acquire()))
    before = ray.get(coordinator.questions.remote())

    job_id = ray.get_runtime_context().get_job_id()
    questions = [coordinator.endpoint.remote(other, job_id) for _ in range(100)]
    wait_until(lambda: ray.get(coordinator.questions.remote()) == before + 100)
    ray.get(head.__ray_call__.remote(lambda this: this._starting.release()))

    assert {endpoint.node_id for endpoint in ray.get(questions)} == {other}
    calls = ray_calls.calls_of(coordinator)
    looks = 1 + calls.count(ray_calls.LOOK)
    assert calls.count("start") <= 2 * len(nodes) + looks * len(nodes)


def supervisor_of(node_id: str) -> Any:
    """The supervisor of a node, found as the coordinator's successor finds it."""
    return ray.get_actor(supervisor_name(node_id), namespace=NAMESPACE)
