"""HCCL-XFER and HCCL-GC: objects from actor to actor of a group, beside those of YR."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import ray
import torch
from ray.experimental.collective import destroy_collective_group
from ray.util import collective

from yr_conformance.chapters.hccl.clauses import MUST, RDT, clause
from yr_conformance.groups.fixtures import NewGroup
from yr_conformance.groups.group import Group
from yr_conformance.groups.objects import hand, in_driver_memory, objects_kept
from yr_conformance.transfer.actor_memory import is_alive, keep_new, make_watched, recall
from yr_conformance.transfer.fingerprint import fingerprint
from yr_conformance.transfer.key_watch import KeyWatch
from yr_conformance.transfer.payloads import FLOATS, INTEGERS, give, ramp, random_bytes
from yr_conformance.transfer.peer import observed
from yr_conformance.waiting import PATIENCE_S, wait_until

DTYPES = (*INTEGERS, *FLOATS, "complex64", "complex128", "float8_e4m3fn", "float8_e5m2")


@clause("HCCL-XFER-01", MUST, source=RDT)
def test_between_each_two(hccl_group: Group) -> None:
    """A tensor goes from each actor of a group to each other one, bit by bit."""
    for source in hccl_group.actors:
        reference = hand(source, random_bytes, (33, 5))
        others = [one for one in hccl_group.actors if one is not source]

        assert [observed(one, reference) for one in others] == [in_driver_memory((33, 5))] * 2


@clause("HCCL-XFER-02", MUST, source="design: HCCL moves bytes of any dtype")
def test_every_dtype(hccl_group: Group) -> None:
    """One object carries tensors of every dense dtype, all of them unchanged."""
    source, receiver, _ = hccl_group.actors

    seen = observed(receiver, hand(source, _of_each, DTYPES))

    assert seen == [in_driver_memory((3, 2), dtype) for dtype in DTYPES]


@clause("HCCL-XFER-03", MUST, source=RDT)
def test_shapes_and_values(hccl_group: Group) -> None:
    """Views, empty tensors and those of no dimension arrive dense, among values as they are."""
    source, receiver, _ = hccl_group.actors

    seen = observed(receiver, hand(source, _mixture))

    assert seen == fingerprint(_mixture())


@clause("HCCL-XFER-04", MUST, source=RDT)
def test_no_tensor(hccl_group: Group) -> None:
    """A result without tensors, or with empty ones only, arrives though nothing is sent."""
    source, receiver, _ = hccl_group.actors

    for make in (_plain, _empty):
        assert observed(receiver, hand(source, make)) == fingerprint(make())


@clause("HCCL-XFER-05", MUST, source=RDT)
def test_many_at_once(hccl_group: Group) -> None:
    """Objects under way in all directions at once arrive where they were sent."""
    first, second, third = hccl_group.actors
    ways = [(first, second), (second, first), (second, third), (third, first)] * 4

    seen = [
        receiver.apply.remote(fingerprint, hand(source, ramp, 100 + number))
        for number, (source, receiver) in enumerate(ways)
    ]

    assert ray.get(seen, timeout=PATIENCE_S) == [
        fingerprint(ramp(100 + number)) for number in range(len(ways))
    ]


@clause("HCCL-XFER-06", MUST, source=RDT)
def test_the_same_actor(hccl_group: Group) -> None:
    """An object passed back to the actor that made it is the very tensor."""
    source = hccl_group.actors[0]
    ray.get(source.apply.remote(keep_new, "own", ramp, 4))

    assert ray.get(source.apply.remote(_is_kept, "own", hand(source, recall, "own")))


@clause("HCCL-XFER-07", MUST, source="guide: HCCL and YR in the same actors")
def test_both_transports(hccl_group: Group, keys: KeyWatch) -> None:
    """What came over one transport goes on over the other; only YR's objects have keys."""
    first, second, third = hccl_group.actors
    for one in (first, second):
        keys.start(one)

    by_hccl = hand(first, ramp, 9)
    by_yr = second.make.remote(give, by_hccl)
    again = hand(third, give, by_yr)

    assert observed(first, again) == fingerprint(ramp(9))
    assert fingerprint(ray.get(by_yr)) == fingerprint(ramp(9))
    assert keys.note(first) == []
    # An offer that fails is made again, under the same key.
    assert len(set(keys.note(second))) == 1


@clause("HCCL-XFER-08", MUST, source="guide: names of transports are case-insensitive")
@pytest.mark.parametrize("name", ["HCCL", "hccl", "Hccl"])
def test_the_name(hccl_group: Group, name: str) -> None:
    """The transport's name is known in any case."""
    source, receiver, _ = hccl_group.actors

    assert observed(receiver, hand(source, ramp, 5, name=name)) == fingerprint(ramp(5))


@clause("HCCL-XFER-09", MUST, source=RDT)
def test_get_in_the_driver(hccl_group: Group) -> None:
    """`ray.get` of an object is an error that names the transport which has it, YR."""
    reference = hand(hccl_group.actors[0], ramp, 4)

    with pytest.raises(ValueError, match="YR"):
        ray.get(reference)


@clause("HCCL-XFER-10", MUST, source=RDT)
def test_get_in_an_actor_and_put(hccl_group: Group) -> None:
    """So are `ray.get` in an actor that has a reference inside a list, and `ray.put`."""
    source, receiver, _ = hccl_group.actors
    reference = hand(source, ramp, 4)
    assert observed(receiver, reference) == fingerprint(ramp(4))

    for call in (
        receiver.apply.remote(_get_first, [reference]),
        receiver.apply.remote(_put, 4),
    ):
        with pytest.raises(ray.exceptions.RayTaskError, match="YR"):
            ray.get(call)


@clause("HCCL-XFER-11", MUST, source=RDT)
def test_an_actor_without_a_group(hccl_group: Group, ranks: list[Any]) -> None:
    """A method of the transport is an error where it is called if its actor is in no group."""
    with pytest.raises(ValueError, match="create_collective_group"):
        hand(ranks[3], ramp, 4)


@clause("HCCL-XFER-12", MUST, source=RDT)
def test_a_receiver_outside(hccl_group: Group, ranks: list[Any]) -> None:
    """A receiver that is not in the source's group gets an error, and nobody else does."""
    from ray_ascend import register_hccl_tensor_transport

    source, receiver, _ = hccl_group.actors
    ray.get(ranks[3].apply.remote(register_hccl_tensor_transport))
    reference = hand(source, ramp, 4)

    with pytest.raises(ray.exceptions.RayTaskError, match="not in one HCCL group"):
        observed(ranks[3], reference)

    assert observed(receiver, reference) == fingerprint(ramp(4))


@clause("HCCL-XFER-13", MUST, source=RDT)
@pytest.mark.parametrize(("make", "said"), [("_on_host", "cpu"), ("_fail", "on purpose")])
def test_a_source_that_fails(hccl_group: Group, make: str, said: str) -> None:
    """Tensors on the host, and an exception of the source, are the receiver's error at once."""
    source, receiver, _ = hccl_group.actors
    reference = hand(source, globals()[make])

    with pytest.raises(ray.exceptions.RayTaskError, match=said):
        ray.get(receiver.apply.remote(fingerprint, reference), timeout=PATIENCE_S)

    assert observed(receiver, hand(source, ramp, 4)) == fingerprint(ramp(4))


@clause("HCCL-XFER-14", MUST, source="design: transfers have communicators of their own")
def test_beside_collectives(hccl_group: Group) -> None:
    """Objects arrive while the same actors reduce, send and receive in their group."""
    first, second, _ = hccl_group.actors
    pairs = [(first, second), (second, first)] * 5
    made = [hand(source, ramp, 50 + number) for number, (_, source) in enumerate(pairs)]
    ray.wait(made, num_returns=len(made), timeout=PATIENCE_S, fetch_local=False)
    reducing = hccl_group.begin(_reduce_often)

    seen = [
        receiver.apply.remote(fingerprint, reference)
        for (receiver, _), reference in zip(pairs, made, strict=True)
    ]

    assert [one.result for one in ray.get(reducing, timeout=PATIENCE_S)] == [8.0] * 3
    assert ray.get(seen, timeout=PATIENCE_S) == [fingerprint(ramp(50 + n)) for n in range(10)]


@clause("HCCL-GC-01", MUST, source="Ray RDT: test_gc_del_ref_before_recv_finish")
def test_freed_after_it_was_sent(hccl_group: Group) -> None:
    """An object whose references go while it is sent arrives, and is then freed everywhere."""
    source, receiver, _ = hccl_group.actors
    before = [ray.get(one.apply.remote(objects_kept)) for one in (source, receiver)]
    reference = hand(source, make_watched, "watched", 1000)
    seen = receiver.apply.remote(fingerprint, reference)
    del reference

    assert ray.get(seen, timeout=PATIENCE_S) == fingerprint(ramp(1000))
    wait_until(lambda: not _lives(source), "the source has freed the tensor")
    after = [ray.get(one.apply.remote(objects_kept)) for one in (source, receiver)]
    assert after == before


@clause("HCCL-GC-02", MUST, source="Ray RDT: test_gc_rdt_object")
def test_kept_while_it_is_referred_to(hccl_group: Group) -> None:
    """An object that nobody receives is freed when its last reference goes, and no earlier."""
    source, _, _ = hccl_group.actors
    reference = hand(source, make_watched, "watched", 10)
    wait_until(lambda: _lives(source), "the source has made the tensor")

    del reference

    wait_until(lambda: not _lives(source), "the source has freed the tensor")


@clause("HCCL-GC-03", MUST, source=RDT)
def test_a_group_made_later(new_group: NewGroup, hccl_group: Group) -> None:
    """An object can still be sent when its source has left a group and joined another."""
    source, receiver, _ = hccl_group.actors
    reference = hand(source, ramp, 6)
    assert observed(receiver, reference) == fingerprint(ramp(6))
    destroy_collective_group(hccl_group.name)

    new_group([receiver, source])

    assert observed(receiver, reference) == fingerprint(ramp(6))


def _of_each(dtypes: tuple[str, ...]) -> list[torch.Tensor]:
    return [random_bytes((3, 2), dtype) for dtype in dtypes]


def _mixture() -> dict[str, Any]:
    matrix = ramp(24).reshape(4, 6)
    return {
        "transposed": matrix.t(),
        "sliced": matrix[1::2, 2:5],
        "scalar": torch.tensor(7.0),
        "empty": torch.zeros(3, 0),
        "step": 7,
    }


def _plain() -> dict[str, Any]:
    return {"step": 7, "name": "no tensor"}


def _empty() -> torch.Tensor:
    return torch.zeros(3, 0)


def _on_host() -> torch.Tensor:
    return torch.ones(2, device="cpu")


def _fail() -> None:
    raise LookupError("on purpose")


def _is_kept(name: str, value: Any) -> bool:
    return value is recall(name)


def _get_first(references: list[Any]) -> Any:
    return ray.get(references[0])


def _put(count: int) -> Any:
    return ray.put(ramp(count), _tensor_transport="HCCL")


def _lives(source: Any) -> bool:
    return bool(ray.get(source.apply.remote(is_alive, "watched")))


def _reduce_often(rank: int, group: str) -> float:
    tensor = torch.ones(8)
    steps: list[Callable[[], None]] = [
        lambda: collective.send(tensor, 1, group),
        lambda: collective.recv(tensor, 0, group),
        lambda: None,
    ]
    for _ in range(40):
        collective.allreduce(tensor, group)
        tensor.div_(3)
        steps[rank]()
    return float(tensor.sum())
