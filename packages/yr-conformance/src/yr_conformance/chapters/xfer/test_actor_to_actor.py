"""XFER-P2P and XFER-NEST: objects that go from actor to actor, directly and inside other values."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest
import ray

from yr_conformance.transfer.actor_memory import keep, keep_new, recall
from yr_conformance.transfer.clauses import MUST, clause
from yr_conformance.transfer.fingerprint import fingerprint
from yr_conformance.transfer.payloads import addresses, give, ramp, random_bytes
from yr_conformance.transfer.peer import observed, wait_for_file


@clause("XFER-P2P-01", MUST, source="Ray RDT: test_p2p")
def test_one_actor_to_another(sender: Any, receiver: Any) -> None:
    """A tensor given to another actor arrives equal in shape, dtype and every byte."""
    reference = sender.make.remote(random_bytes, (33, 5))

    assert observed(receiver, reference) == fingerprint(random_bytes((33, 5)))


@clause("XFER-P2P-02", MUST, source="guide: chain of actors")
def test_a_chain_of_actors(sender: Any, receiver: Any, third: Any) -> None:
    """A tensor returned by the actor that received it goes on to a third one unchanged."""
    passed_on = receiver.make.remote(give, sender.make.remote(random_bytes, (257,)))

    assert observed(third, passed_on) == fingerprint(random_bytes((257,)))


@clause("XFER-P2P-03", MUST, source="guide: fan-out")
def test_fan_out(sender: Any, receiver: Any, third: Any) -> None:
    """Several actors and the driver receive the same bytes from one reference."""
    reference = sender.make.remote(random_bytes, (65,))

    seen = [observed(receiver, reference), observed(third, reference)]

    assert seen == [fingerprint(random_bytes((65,)))] * 2
    assert fingerprint(ray.get(reference)) == seen[0]


@clause("XFER-P2P-04", MUST, source="Ray RDT: test_intra_rdt_tensor_transfer")
def test_the_same_actor_gets_the_same_object(sender: Any) -> None:
    """An object passed back to the actor that made it is the very tensor, not a copy."""
    ray.get(sender.apply.remote(keep_new, "own", ramp, 4))
    reference = sender.make.remote(recall, "own")

    is_same = sender.apply.remote(_is_kept, "own", reference)

    assert ray.get(is_same)


@clause("XFER-P2P-05", MUST, source="Ray RDT: test_send_same_ref_to_same_actor_task_multiple_times")
def test_one_reference_twice_in_a_call(sender: Any, receiver: Any) -> None:
    """A reference given twice in one call arrives complete in both places."""
    reference = sender.make.remote(random_bytes, (40,))

    seen = observed(receiver, reference, reference)

    assert seen == [fingerprint(random_bytes((40,)))] * 2


@clause("XFER-P2P-06", MUST, source="Ray RDT: a receiver caches nothing (Ray 2.55 and 2.60)")
def test_one_reference_in_two_calls(sender: Any, receiver: Any) -> None:
    """A reference given in two calls arrives as two tensors that share no memory."""
    reference = sender.make.remote(random_bytes, (40,))

    ray.get([receiver.apply.remote(keep, name, reference) for name in ("one", "two")])
    places, seen = ray.get(receiver.apply.remote(_places_and_prints, "one", "two"))

    assert seen == [fingerprint(random_bytes((40,)))] * 2
    assert places[0] != places[1]


@clause("XFER-P2P-07", MUST, source="Ray RDT: several references in one call")
def test_several_references_in_one_call(sender: Any, receiver: Any, third: Any) -> None:
    """References of two actors in one call each arrive at their own position."""
    references = [
        actor.make.remote(random_bytes, (n,), "int64", n)
        for n, actor in enumerate((sender, third, sender, third), start=1)
    ]

    seen = observed(receiver, *references)

    assert seen == [fingerprint(random_bytes((n,), "int64", n)) for n in range(1, 5)]


@clause("XFER-P2P-08", MUST, source="design: one-sided; Ray RDT: test_p2p_blocking")
def test_the_source_need_not_be_free(sender: Any, receiver: Any, tmp_path: pathlib.Path) -> None:
    """A transfer completes while the actor that made the tensor is busy with another task."""
    gate = tmp_path / "gate"
    reference = sender.make.remote(random_bytes, (77,))
    ray.wait([reference])
    busy = sender.apply.remote(wait_for_file, str(gate))

    seen = observed(receiver, reference)
    gate.touch()

    assert seen == fingerprint(random_bytes((77,)))
    assert ray.get(busy), "the transfer waited for the source's task"


@clause("XFER-P2P-09", MUST, source="Ray RDT: there and back")
def test_there_and_back(sender: Any, receiver: Any) -> None:
    """A tensor that another actor received and returned comes back unchanged."""
    passed_on = receiver.make.remote(give, sender.make.remote(random_bytes, (19,)))

    assert observed(sender, passed_on) == fingerprint(random_bytes((19,)))


@clause("XFER-P2P-10", MUST, source="Ray RDT: a reference may be passed before it is ready")
def test_a_reference_may_be_passed_before_it_is_ready(
    sender: Any, receiver: Any, tmp_path: pathlib.Path
) -> None:
    """A reference passed on while its task still runs arrives once the task has ended."""
    gate = tmp_path / "gate"
    opened = sender.apply.remote(wait_for_file, str(gate))
    passed = receiver.apply.remote(fingerprint, sender.make.remote(random_bytes, (21,)))

    gate.touch()

    assert ray.get(opened)
    assert ray.get(passed) == fingerprint(random_bytes((21,)))


@clause("XFER-NEST-01", MUST, source="Ray RDT: borrowed references carry their metadata")
@pytest.mark.parametrize(
    "wrap", [lambda ref: [ref], lambda ref: {"ref": ref}], ids=["list", "dict"]
)
def test_a_reference_inside_another_value(sender: Any, receiver: Any, wrap: Any) -> None:
    """A reference inside a list or dict is fetched by `ray.get` in the actor that got it."""
    reference = sender.make.remote(random_bytes, (23,))
    ray.get(reference)

    seen = ray.get(receiver.apply.remote(_get_nested, wrap(reference)))

    assert seen == fingerprint(random_bytes((23,)))


@clause("XFER-NEST-02", MUST, source="Ray RDT: borrowed references carry their metadata")
def test_a_kept_reference_can_be_fetched_later(sender: Any, receiver: Any) -> None:
    """An actor that keeps a nested reference can fetch it in a later task, twice."""
    reference = sender.make.remote(random_bytes, (29,))
    ray.get(reference)
    ray.get(receiver.apply.remote(keep, "nested", [reference]))

    seen = [ray.get(receiver.apply.remote(_get_kept, "nested")) for _ in range(2)]

    assert seen == [fingerprint(random_bytes((29,)))] * 2


def _is_kept(name: str, value: Any) -> bool:
    return recall(name) is value


def _places_and_prints(*names: str) -> tuple[list[int], list[Any]]:
    kept = [recall(name) for name in names]
    return addresses(*kept), fingerprint(kept)


def _get_nested(wrapped: Any) -> Any:
    (reference,) = wrapped.values() if isinstance(wrapped, dict) else wrapped
    return fingerprint(ray.get(reference))


def _get_kept(name: str) -> Any:
    return _get_nested(recall(name))
