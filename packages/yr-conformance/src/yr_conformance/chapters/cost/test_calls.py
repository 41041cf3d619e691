"""COST-CALL: how many calls of the datasystem one object costs, counted in each process."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import ray
import torch

from yr_conformance.results import COST_PROPERTY
from yr_conformance.transfer.actor_memory import keep, recall
from yr_conformance.transfer.call_journal import (
    CREATES,
    DELETES,
    GETS,
    PUBLISHES,
    Call,
    calls_for_new_objects,
    created_keys,
    start_journal,
    take_calls,
)
from yr_conformance.transfer.clauses import MUST, SHOULD, clause
from yr_conformance.transfer.copy_counter import CopyCounter
from yr_conformance.transfer.device_kind import DeviceKind
from yr_conformance.transfer.fingerprint import fingerprint
from yr_conformance.transfer.payloads import big, give, many, ramp
from yr_conformance.transfer.peer import observed
from yr_conformance.waiting import wait_until

COUNTS = pytest.mark.parametrize("count", [1, 10, 5000])
PADDING = 64
FETCHES_BEFORE_IT_WAITS = (2, 56)


@clause("COST-CALL-01", MUST, source="design: one key per object")
@COUNTS
def test_one_key_for_each_object(sender: Any, count: int) -> None:
    """An object has one key, whatever the number of its tensors."""
    calls = _while_sending(sender, count)

    assert sum(len(call.keys) for call in calls if call.name in CREATES) == 1


@clause("COST-CALL-02", MUST, source="design: one create and one publish per object")
@COUNTS
def test_one_create_and_one_publish(sender: Any, device: DeviceKind, count: int) -> None:
    """To store an object takes one create, one publish if it is copied, and no other call."""
    calls = _while_sending(sender, count)

    assert tuple(_kind(call) for call in calls) == device.store


@clause("COST-CALL-03", MUST, source="design: one get per receive")
@COUNTS
def test_one_get_for_each_receive(sender: Any, receiver: Any, count: int) -> None:
    """An actor that receives an object makes one get and no other call."""
    reference = sender.make.remote(many, count)
    ray.get(receiver.apply.remote(len, reference))
    ray.get(receiver.apply.remote(start_journal))

    ray.get(receiver.apply.remote(len, reference))

    calls = ray.get(receiver.apply.remote(calls_for_new_objects))
    assert [(_kind(call), len(call.keys)) for call in calls] == [("get", 1)]


@clause("COST-CALL-04", MUST, source="design: one get per receive")
@COUNTS
def test_one_get_for_each_get_in_the_driver(sender: Any, count: int) -> None:
    """`ray.get` in the driver makes one get, and submitting makes no call at all."""
    ray.get(sender.make.remote(ramp, 1))
    start_journal()
    reference = sender.make.remote(many, count)
    ray.wait([reference])
    submitted = calls_for_new_objects()

    received = ray.get(reference)

    calls = calls_for_new_objects()
    assert (len(received), submitted) == (count, [])
    assert [(_kind(call), len(call.keys)) for call in calls] == [("get", 1)]


@clause("COST-CALL-05", MUST, source="design: one delete per object")
@COUNTS
def test_one_delete_for_each_object(sender: Any, count: int) -> None:
    """To free an object takes one delete of one key, by the actor that made it."""
    ray.get(sender.apply.remote(start_journal))
    reference = sender.make.remote(many, count)
    (key,) = ray.get(sender.apply.remote(created_keys))

    del reference

    calls: list[Call] = []
    wait_until(lambda: _has_deleted(key, calls, sender), "the object is freed")
    assert [call.keys for call in calls if call.name in DELETES and key in call.keys] == [(key,)]


@clause("COST-CALL-10", MUST, source="design: the cost of an object is that of one tensor")
@COUNTS
def test_the_calls_for_an_object_do_not_grow(
    sender: Any, receiver: Any, device: DeviceKind, count: int, request: pytest.FixtureRequest
) -> None:
    """To store, receive and free an object takes the same few calls for any number of tensors."""
    ray.get(receiver.apply.remote(len, sender.make.remote(many, 1)))
    ray.get([actor.apply.remote(start_journal) for actor in (sender, receiver)])
    reference = sender.make.remote(_counting_many, count)
    size = ray.get(receiver.apply.remote(_received_bytes, reference))
    received = ray.get(receiver.apply.remote(calls_for_new_objects))
    copied_to_store, (copied_to_get, _) = (
        ray.get(sender.apply.remote(_stop_counting)),
        _get(reference),
    )
    (key,) = ray.get(sender.apply.remote(created_keys))
    calls: list[Call] = []
    del reference
    wait_until(lambda: _has_deleted(key, calls, sender), "the object is freed")

    freed = [call for call in calls if call.name in DELETES and key in call.keys]
    stored = [call for call in calls if call.name in (*CREATES, *PUBLISHES)]
    kinds = tuple(_kind(call) for call in (*stored, *received, *freed))
    calls_of = [_names(calls) for calls in (stored, received, freed)]
    row = (device.name, count, size, 1, *calls_of, copied_to_store, copied_to_get)
    cells = " | ".join(str(cell) for cell in row)
    request.node.user_properties.append((COST_PROPERTY, f"| {cells} |"))
    assert kinds == (*device.store, "get", "delete")
    assert max(copied_to_store, copied_to_get) <= size


@clause("COST-CALL-06", MUST, source="design: an object is stored once")
def test_an_object_is_stored_once_for_all(
    sender: Any, receiver: Any, third: Any, device: DeviceKind
) -> None:
    """However many receivers an object has, it is stored once, and each makes one get."""
    warm = sender.make.remote(ramp, 59)
    observed(receiver, warm), observed(third, warm)
    for actor in (sender, receiver, third):
        ray.get(actor.apply.remote(start_journal))
    reference = sender.make.remote(ramp, 60)
    for actor in (receiver, third):
        observed(actor, reference)

    kinds = [
        Counter(_kind(call) for call in ray.get(actor.apply.remote(calls_for_new_objects)))
        for actor in (sender, receiver, third)
    ]

    assert kinds == [Counter(device.store), {"get": 1}, {"get": 1}]


@clause("COST-CALL-07", MUST, source="Ray RDT: no transfer within one actor")
def test_the_actor_itself_fetches_nothing(sender: Any) -> None:
    """An object passed back to the actor that made it costs no get."""
    ray.get(sender.apply.remote(start_journal))
    ray.get(sender.apply.remote(fingerprint, sender.make.remote(ramp, 62)))

    calls = ray.get(sender.apply.remote(take_calls))

    assert [call for call in calls if call.name in GETS] == []


@clause("COST-CALL-08", MUST, source="measured on Ray 2.55.1 to 2.60.0: extract is called with []")
@pytest.mark.parametrize("value", [None, [], {"step": 1}], ids=repr)
def test_a_result_without_tensors_costs_nothing(sender: Any, receiver: Any, value: Any) -> None:
    """A result without tensors makes no call of the datasystem on either side."""
    for actor in (sender, receiver):
        ray.get(actor.apply.remote(start_journal))
    ray.get(receiver.apply.remote(give, sender.make.remote(give, value)))

    actors = (sender, receiver)
    calls = ray.get([actor.apply.remote(calls_for_new_objects) for actor in actors])

    assert calls == [[], []]


@clause("COST-CALL-09", SHOULD, source="design: one client per process")
def test_one_connection_for_each_process(fresh_peer: Any, sender: Any) -> None:
    """A process connects to the datasystem at most once, however much it sends and receives."""
    actor = fresh_peer()
    ray.get(actor.apply.remote(start_journal))
    for number in range(5):
        ray.get(actor.make.remote(ramp, number + 1))
        ray.get(actor.apply.remote(fingerprint, sender.make.remote(ramp, number + 1)))

    calls = ray.get(actor.apply.remote(take_calls))

    # An attempt that a busy worker did not answer is none; the next one makes the connection.
    made = [call for call in calls if call.name == "init" and call.failed_after is None]
    assert len(made) == 1, calls


@clause("COST-CALL-11", MUST, source="design: what one ray.get asks for begins together")
def test_one_get_of_several_objects(
    ray_version: tuple[int, ...], sender: Any, receiver: Any, device: DeviceKind
) -> None:
    """`ray.get` of three objects asks once for each, in one call where the datasystem has one."""
    if ray_version < FETCHES_BEFORE_IT_WAITS:
        pytest.skip("before Ray 2.56 ray.get receives one object after the other")
    actors = (sender, receiver, sender)
    references = [actor.make.remote(ramp, 80 + n) for n, actor in enumerate(actors)]
    ray.get(references)
    start_journal()

    ray.get(references)

    keys = [len(call.keys) for call in calls_for_new_objects() if _kind(call) == "get"]
    assert keys == list(device.keys_of_three_gets)


@clause("COST-BYTES-01", MUST, source="design: 64-byte alignment and nothing else")
@COUNTS
def test_an_object_takes_its_own_bytes(sender: Any, count: int) -> None:
    """The value of an object is at most its tensors' bytes, each rounded up to 64."""
    calls = _while_sending(sender, count)

    assert 0 < sum(size for call in calls for size in call.sizes) <= count * PADDING


@clause("COST-BYTES-02", MUST, source="design: a view sends what it shows")
def test_a_view_sends_what_it_shows(sender: Any) -> None:
    """A view of a large tensor takes the bytes that it shows."""
    ray.get(sender.make.remote(ramp, 1))
    ray.get(sender.apply.remote(start_journal))
    ray.get(sender.make.remote(_corner))

    calls = ray.get(sender.apply.remote(calls_for_new_objects))

    assert [size for call in calls for size in call.sizes] == [3 * 8]


@clause("COST-COPY-01", MUST, source="design: through buffers, not through Python bytes")
def test_data_go_through_buffers(sender: Any, device: DeviceKind) -> None:
    """Tensors are moved by buffers or addresses of the datasystem, not as `bytes`."""
    start_journal()
    ray.get(sender.apply.remote(start_journal))
    ray.get(sender.make.remote(big, 8))

    names = {call.name for call in ray.get(sender.apply.remote(take_calls)) + take_calls()}

    assert names <= device.calls


@clause("COST-COPY-02", MUST, source="design: one copy on each side")
@pytest.mark.parametrize("layout", ["contiguous", "transposed"])
def test_one_copy_to_receive(sender: Any, layout: str) -> None:
    """`ray.get` copies each byte of the object once in torch."""
    reference = sender.make.remote(_laid_out, layout)
    ray.wait([reference])

    copied, received = _get(reference)

    assert copied <= received.nbytes


@clause("COST-COPY-03", MUST, source="design: one copy on each side")
@pytest.mark.parametrize("layout", ["contiguous", "transposed"])
def test_one_copy_to_send(sender: Any, layout: str) -> None:
    """To store an object copies each of its bytes once in torch."""
    ray.wait([sender.make.remote(_counting_copies, layout)])

    assert ray.get(sender.apply.remote(_stop_counting)) <= 2**20


def _while_sending(sender: Any, count: int) -> list[Call]:
    """Return the calls of an actor that makes an object of `count` tensors of 16 bytes."""
    ray.get(sender.make.remote(ramp, 1))
    ray.get(sender.apply.remote(start_journal))
    reference = sender.make.remote(many, count)
    calls: list[Call] = ray.get(sender.apply.remote(calls_for_new_objects))
    del reference
    return calls


def _received_bytes(tensors: list[torch.Tensor]) -> int:
    return sum(tensor.nbytes for tensor in tensors)


def _get(reference: Any) -> tuple[int, Any]:
    """Receive an object here; gives the bytes that torch copied, and the object."""
    copies = CopyCounter()
    copies.start()
    received = ray.get(reference)
    copies.stop()
    return copies.copied_bytes, received


def _names(calls: list[Call]) -> str:
    return ", ".join(f"{count} {name}" for name, count in Counter(c.name for c in calls).items())


def _kind(call: Call) -> str:
    kinds = {"create": CREATES, "publish": PUBLISHES, "get": GETS, "delete": DELETES}
    return next((kind for kind, names in kinds.items() if call.name in names), call.name)


def _has_deleted(key: str, calls: list[Call], actor: Any) -> bool:
    calls += ray.get(actor.apply.remote(take_calls))
    return any(call.name in DELETES and key in call.keys for call in calls)


def _corner() -> torch.Tensor:
    return big(8)[5:8]


def _laid_out(layout: str) -> torch.Tensor:
    matrix = big(1).reshape(256, -1)
    return matrix.t() if layout == "transposed" else matrix


def _counting_many(count: int) -> list[torch.Tensor]:
    tensors = many(count)
    _start_counting()
    return tensors


def _counting_copies(layout: str) -> torch.Tensor:
    tensor = _laid_out(layout)
    _start_counting()
    return tensor


def _start_counting() -> None:
    """Count copies from now on in the task's thread, where the transport stores the result."""
    keep("copies", CopyCounter())
    recall("copies").start()


def _stop_counting() -> int:
    counter: CopyCounter = recall("copies")
    counter.stop()
    return counter.copied_bytes
