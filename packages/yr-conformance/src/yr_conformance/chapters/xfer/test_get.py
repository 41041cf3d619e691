"""XFER-GET and XFER-PUT: references in the driver, and `ray.put`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import ray

from yr_conformance.transfer.actor_memory import keep_new, recall
from yr_conformance.transfer.clauses import MUST, SHOULD, clause
from yr_conformance.transfer.fingerprint import fingerprint
from yr_conformance.transfer.payloads import give, many, ramp, random_bytes
from yr_conformance.transfer.peer import TRANSPORT, observed

ADDED_DRIVER_PUT = (2, 59)


@clause("XFER-GET-01", MUST, source="Ray RDT: ray.get of a one-sided transport")
def test_driver_gets_what_the_actor_made(sender: Any) -> None:
    """`ray.get` in the driver returns a tensor equal in shape, dtype and every byte."""
    reference = sender.make.remote(random_bytes, (13, 7))

    received = ray.get(reference)

    assert fingerprint(received) == fingerprint(random_bytes((13, 7)))


@clause("XFER-GET-02", MUST, source="Ray RDT: each ray.get fetches again (Ray 2.55 and 2.60)")
def test_two_gets_give_two_tensors(sender: Any) -> None:
    """Two `ray.get` of one reference give equal tensors that share no memory."""
    reference = sender.make.remote(random_bytes, (100,))

    first, second = ray.get(reference), ray.get(reference)

    assert fingerprint(first) == fingerprint(second) == fingerprint(random_bytes((100,)))
    assert first.untyped_storage().data_ptr() != second.untyped_storage().data_ptr()


@clause("XFER-GET-03", MUST, source="Ray RDT: ray.get of a list")
def test_a_list_of_references_keeps_its_order(sender: Any, receiver: Any) -> None:
    """`ray.get` of references from several actors gives each its own tensor, in their order."""
    actors = (sender, receiver, receiver, sender, receiver)
    references = [
        actor.make.remote(random_bytes, (n + 1,), "int16", n) for n, actor in enumerate(actors)
    ]

    received = ray.get(references)

    expected = [random_bytes((n + 1,), "int16", n) for n in range(len(actors))]
    assert fingerprint(received) == fingerprint(expected)


@clause("XFER-GET-04", MUST, source="Ray RDT: ray.get(_use_object_store=True)")
def test_the_object_store_is_an_alternative(sender: Any) -> None:
    """`ray.get(ref, _use_object_store=True)` gives the same bytes through Ray's own store."""
    reference = sender.make.remote(random_bytes, (50,), "int32")

    received = ray.get(reference, _use_object_store=True)

    assert fingerprint(received) == fingerprint(random_bytes((50,), "int32"))


@clause("XFER-GET-05", MUST, source="Ray RDT: names of transports are upper-cased (util.py)")
@pytest.mark.parametrize("name", [TRANSPORT.lower(), TRANSPORT.title(), TRANSPORT.upper()])
def test_the_name_is_case_insensitive(unregistered: Any, name: str) -> None:
    """The transport is found under its name in any mixture of cases."""
    reference = unregistered.apply.options(tensor_transport=name).remote(ramp, 5)

    received = ray.get(reference)

    assert fingerprint(received) == fingerprint(ramp(5))


@clause("XFER-GET-06", MUST, source="Ray RDT: ray.get in any process that holds the reference")
def test_an_actor_gets_what_it_asked_for(sender: Any, receiver: Any) -> None:
    """`ray.get` inside an actor, of a reference that this actor created, gives the bytes."""
    sender_handle = [sender]

    seen = ray.get(receiver.apply.remote(_ask_and_get, sender_handle))

    assert seen == fingerprint(random_bytes((31,)))


@clause("XFER-PUT-01", MUST, source="Ray RDT: ray.put(_tensor_transport=) in an actor")
def test_put_in_an_actor(sender: Any, receiver: Any) -> None:
    """A value put by an actor reaches the driver and another actor with every byte."""
    (reference,) = ray.get(sender.apply.remote(_put, many, 3))

    seen = observed(receiver, reference)

    assert seen == fingerprint(ray.get(reference)) == fingerprint(many(3))


@clause(
    "XFER-PUT-02", MUST, source="measured on Ray 2.55.1 and 2.60.0: registration is not ordered"
)
def test_put_in_the_first_task_of_an_actor(fresh_peer: Any) -> None:
    """An actor whose constructor registers may put in its very first task."""
    actor = fresh_peer()

    (reference,) = ray.get(actor.apply.remote(_put, ramp, 9))

    assert fingerprint(ray.get(reference)) == fingerprint(ramp(9))


@clause("XFER-PUT-03", MUST, source="Ray 2.59: driver-side ray.put(_tensor_transport=)")
def test_put_in_the_driver(ray_version: tuple[int, ...], receiver: Any) -> None:
    """A value put by the driver reaches an actor; Ray before 2.59 refuses to put it."""
    value = {"weights": random_bytes((64,)), "step": 3}

    if ray_version < ADDED_DRIVER_PUT:
        with pytest.raises(RuntimeError, match="only available in an actor"):
            ray.put(value, _tensor_transport=TRANSPORT)
        return
    seen = observed(receiver, ray.put(value, _tensor_transport=TRANSPORT))

    assert seen == fingerprint(value)


@clause("XFER-PUT-04", SHOULD, source="Ray RDT: a put value without tensors is an ordinary put")
def test_put_of_a_value_without_tensors(sender: Any, receiver: Any) -> None:
    """An actor may put a value that holds no tensor."""
    (reference,) = ray.get(sender.apply.remote(_put, give, {"step": 1}))

    assert observed(receiver, reference) == ray.get(reference) == {"step": 1}


@clause("XFER-PUT-05", MUST, source="Ray RDT: one tensor in several objects")
def test_one_tensor_in_two_objects(sender: Any) -> None:
    """A tensor that was put and then returned again is two objects with the same bytes."""
    ray.get(sender.apply.remote(keep_new, "shared", ramp, 20))
    references = [sender.make.remote(recall, "shared") for _ in range(2)]

    first, second = ray.get(references)

    assert fingerprint(first) == fingerprint(second) == fingerprint(ramp(20))


def _put(function: Callable[..., Any], *arguments: Any) -> list[Any]:
    return [ray.put(function(*arguments), _tensor_transport=TRANSPORT)]


def _ask_and_get(handles: list[Any]) -> Any:
    return fingerprint(give(ray.get(handles[0].make.remote(random_bytes, (31,)))))
