"""XFER-NPUS: objects with tensors on several devices of one kind, where a process has several."""

from __future__ import annotations

from typing import Any

import ray
import torch
from ray.experimental import set_target_for_ref

from yr_conformance.transfer.actor_memory import keep
from yr_conformance.transfer.call_journal import CREATES, calls_for_new_objects, start_journal
from yr_conformance.transfer.clauses import BETWEEN_KINDS, MUST, ON_STREAMS, clause
from yr_conformance.transfer.fingerprint import fingerprint
from yr_conformance.transfer.payloads import SENTINEL, ramp
from yr_conformance.transfer.peer import observed
from yr_conformance.transfer.slow_streams import device_module, write_later

FIRST, SECOND = 5, 6
SIZE = 1000
MANY = 4_000_000
SOURCE = "design: where a tensor arrives"


@BETWEEN_KINDS
@clause("XFER-NPUS-01", MUST, source=SOURCE)
def test_an_object_on_two_devices(wide_peers: tuple[Any, Any]) -> None:
    """Each tensor arrives on the device that it had in its source, bit by bit, under one key."""
    source, receiver = wide_peers
    ray.get(source.apply.remote(start_journal))
    reference = source.make.remote(_on_both)

    places, seen = ray.get(receiver.apply.remote(_where_and_what, reference))

    assert places == [FIRST, SECOND, SECOND, FIRST]
    assert seen == ray.get(source.apply.remote(_print_of_both))
    calls = ray.get(source.apply.remote(calls_for_new_objects))
    assert [(call.name, len(call.keys)) for call in calls if call.name in CREATES] == [
        ("dev_mset", 1)
    ]


@BETWEEN_KINDS
@clause("XFER-NPUS-02", MUST, source=SOURCE)
def test_a_receiver_with_one_device(wide_peers: tuple[Any, Any], receiver: Any) -> None:
    """Where there are fewer devices, all tensors arrive on the current one."""
    source, _ = wide_peers
    reference = source.make.remote(_on_both)

    places, seen = ray.get(receiver.apply.remote(_where_and_what, reference))

    assert places == [0] * 4
    assert seen == ray.get(source.apply.remote(_print_of_both))


@BETWEEN_KINDS
@clause("XFER-NPUS-03", MUST, source="Ray RDT: set_target_for_ref")
def test_target_buffers_on_two_devices(wide_peers: tuple[Any, Any]) -> None:
    """Target buffers may be on other devices than the object's tensors, each on another one."""
    source, receiver = wide_peers
    reference = source.make.remote(_on_both)
    ray.get(reference)

    places, seen = ray.get(receiver.apply.remote(_fill_both, [reference]))

    assert places == [SECOND, FIRST, FIRST, SECOND]
    assert seen == ray.get(source.apply.remote(_print_of_both))


@BETWEEN_KINDS
@clause("XFER-NPUS-04", MUST, source=SOURCE)
def test_another_device_is_current(sender: Any, wide_peers: tuple[Any, Any]) -> None:
    """An object of one device arrives on the one that is current where it is asked for."""
    reference = sender.make.remote(ramp, 9)
    ray.get(reference)

    seen = ray.get(wide_peers[1].apply.remote(_get_while_current, [reference]))

    assert seen == ([SECOND], fingerprint([ramp(9)]), SECOND)


@BETWEEN_KINDS
@clause("XFER-NPUS-05", MUST, source="design: an NPU object is its source's memory")
def test_one_of_several_devices(wide_peers: tuple[Any, Any], receiver: Any) -> None:
    """An object that is on one device only, not the first, arrives as it is."""
    source, _ = wide_peers
    reference = source.make.remote(_ramp_on, SECOND)

    assert observed(receiver, reference) == fingerprint(ramp(9))


@ON_STREAMS
@clause(
    "XFER-NPUS-06", MUST, source="Ray RDT: the NIXL transport waits for all streams of a device"
)
def test_written_on_a_stream_of_the_second_device(wide_slow_peer: Any, receiver: Any) -> None:
    """What was queued on any stream of any of the devices is in the object."""
    reference = wide_slow_peer.make.remote(_second_written_later)

    assert observed(receiver, reference) == fingerprint([ramp(MANY + 1), torch.full((MANY,), 9.0)])


def _second_written_later() -> list[torch.Tensor]:
    first = ramp(MANY + 1).to(_device(FIRST))
    with device_module().device(SECOND):
        second = torch.full((MANY,), SENTINEL)
        keep("in use", write_later(second, 9.0))
    return [first, second]


def _on_both() -> list[torch.Tensor]:
    """Make tensors on two devices: of different sizes, one that is not contiguous, and a view."""
    matrix = ramp(24).reshape(4, 6)
    return [
        ramp(SIZE).to(_device(FIRST)),
        ramp(9).to(_device(SECOND)),
        matrix.to(_device(SECOND)).t(),
        matrix.to(_device(FIRST))[1::2, 2:5],
    ]


def _device(index: int) -> torch.device:
    return torch.device(torch.get_default_device().type, index)


def _ramp_on(index: int) -> torch.Tensor:
    return ramp(9).to(_device(index))


def _print_of_both() -> Any:
    return fingerprint(_on_both())


def _where_and_what(tensors: list[torch.Tensor]) -> tuple[list[int], Any]:
    return [one.device.index for one in tensors], fingerprint(tensors)


def _fill_both(references: list[Any]) -> tuple[list[int], Any]:
    turned = {FIRST: SECOND, SECOND: FIRST}
    buffers = [
        torch.full(one.shape, SENTINEL, device=_device(turned[one.device.index]))
        for one in _on_both()
    ]
    set_target_for_ref(references[0], buffers)
    return _where_and_what(ray.get(references[0]))


def _get_while_current(references: list[Any]) -> tuple[list[int], Any, int]:
    with device_module().device(SECOND):
        places, seen = _where_and_what([ray.get(references[0])])
        return places, seen, device_module().current_device()
