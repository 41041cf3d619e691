"""What this package takes from Ray without a promise: a failure here names what Ray has changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import ray
import torch
from conftest import Sandbox, wait_until
from ray.experimental import register_tensor_transport

from ray_ascend import YRTensorTransport, ray_internals

NAME = "EXAMPLE"


@pytest.fixture(scope="module", autouse=True)
def cluster(shared_sandbox: Sandbox) -> Iterator[None]:
    """A Ray cluster of one node, in which this process is the driver."""
    shared_sandbox.start_ray()
    yield
    shared_sandbox.stop_ray()


def new_plain(**options: Any) -> Any:
    """Make an actor without a method of a transport."""

    @ray.remote(num_cpus=0)
    class Plain:
        def is_driver(self) -> bool:
            return ray_internals.is_driver()

    return Plain.options(**options).remote()  # type: ignore[attr-defined]  # of the decorator


def new_namesake(word: str) -> Any:
    """Make an actor whose class has the same name each time, and is another one."""

    @ray.remote(num_cpus=0)
    class Namesake:
        def load(self, pickled: bytes) -> None:
            ray_internals.load_actor_handle(pickled)

        def word(self) -> str:
            return word

    return Namesake.remote()  # type: ignore[attr-defined]  # of the decorator


def new_sender() -> Any:
    """Make an actor with one, which is never called here."""

    @ray.remote(num_cpus=0)
    class Sender:
        @ray.method(tensor_transport="GLOO")
        def tensor(self) -> torch.Tensor:
            return torch.ones(1)

    return Sender.remote()  # type: ignore[attr-defined]  # of the decorator


def test_a_transport_has_an_entry_whose_devices_can_be_changed() -> None:
    """`rdt.util.transport_manager_info`, a table of named tuples."""
    assert ray_internals.registered_transport(NAME) is None
    register_tensor_transport(NAME, ["cpu"], YRTensorTransport, torch.Tensor)

    ray_internals.set_devices(NAME, ["npu", "cpu"])

    entry = ray_internals.registered_transport(NAME)
    assert entry.transport_manager_class is YRTensorTransport
    assert entry.devices == ["npu", "cpu"]


def test_the_time_after_which_ray_gives_up_a_receiver() -> None:
    """`ray_constants.RDT_FETCH_FAIL_TIMEOUT_SECONDS`."""
    assert 1 <= ray_internals.fetch_timeout_s() <= 600


def test_an_actor_with_a_method_of_a_transport_has_its_threads() -> None:
    """`ActorHandle._ray_enable_tensor_transport`."""
    assert ray_internals.has_transfer_threads(new_sender())
    assert not ray_internals.has_transfer_threads(new_plain())


def test_a_process_is_told_of_an_actor_s_death() -> None:
    """`ActorHandle._get_local_state`."""
    actor = new_plain()
    ray.get(actor.is_driver.remote())
    assert not ray_internals.is_known_dead(actor)

    ray.kill(actor)

    wait_until(lambda: ray_internals.is_known_dead(actor))


def test_two_handles_of_one_actor() -> None:
    """`ActorHandle._actor_id`."""
    actor = new_plain(name="same")

    assert ray_internals.is_same_actor(actor, ray.get_actor("same"))
    assert not ray_internals.is_same_actor(actor, new_plain())


def test_who_is_a_driver() -> None:
    """`worker.mode`."""
    assert ray_internals.is_driver()
    assert not ray.get(new_plain().is_driver.remote())


def test_the_tables_of_jobs_and_actors() -> None:
    """`state.jobs` and `state.actors`, with the columns that are read."""
    actor = new_plain(name="kept", lifetime="detached")
    ray.get(actor.is_driver.remote())
    job_id = ray.get_runtime_context().get_job_id()

    (job,) = [row for row in ray_internals.jobs() if row["JobID"] == job_id]
    (kept,) = [row for row in ray_internals.actors() if row["Name"] == "kept"]

    assert not job["IsDead"]
    assert ray_internals.actor(kept["ActorID"]) == kept
    assert ray_internals.actor("0" * len(kept["ActorID"])) is None
    assert (kept["JobID"], kept["IsDetached"], kept["State"]) == (job_id, True, "ALIVE")


@pytest.mark.parametrize("namespace", [None, b"of-a-test"])
def test_keys_of_ray_s_own_store(namespace: bytes | None) -> None:
    """`_internal_kv_get`, `_internal_kv_put` and `_internal_kv_del`."""
    assert ray_internals.read_key(b"key", namespace) is None
    ray_internals.write_key(b"key", b"old", namespace)
    ray_internals.write_key(b"key", b"new", namespace)
    assert ray_internals.read_key(b"key", namespace) == b"new"

    ray_internals.delete_key(b"key", namespace)

    assert ray_internals.read_key(b"key", namespace) is None


def test_a_handle_changes_nothing_of_who_loads_it() -> None:
    """`_function_execution_info` has methods by name; those of a namesake's class do not stay."""
    one, other = new_namesake("one"), new_namesake("other")

    ray.get(one.load.remote(ray.cloudpickle.dumps(other)))

    assert ray.get([one.word.remote(), other.word.remote()]) == ["one", "other"]
