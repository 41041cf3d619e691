"""XFER-KIND: objects that are wanted on another kind of device than they were made on.

NPU object  --> host buffers, host device    of actors without an NPU too
host object --> NPU buffers, NPU device
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import ray
import torch
from ray import experimental
from ray.experimental import set_target_for_ref

from yr_conformance.transfer.call_journal import CREATES, calls_for_new_objects, start_journal
from yr_conformance.transfer.clauses import BETWEEN_KINDS, MUST, ON_STREAMS, clause
from yr_conformance.transfer.fingerprint import fingerprint
from yr_conformance.transfer.payloads import (
    FLOATS,
    INTEGERS,
    SENTINEL,
    big,
    many,
    ramp,
    random_bytes,
)
from yr_conformance.transfer.peer import observed
from yr_conformance.transfer.slow_streams import after_all_work, write_later

ADDED = (2, 58)
SOURCE = "Ray 2.58: target buffers and a target device may be of another kind than the object"
SIZE = 4_000_000


@pytest.fixture
def both_ways(sender: Any, receiver: Any, host_peer: Any) -> list[tuple[Any, Any, str]]:
    """Pairs of a source and a receiver, with the kind of device that the latter wants."""
    return [(sender, host_peer, "cpu"), (host_peer, receiver, "npu")]


@BETWEEN_KINDS
@clause("XFER-KIND-01", MUST, source=SOURCE)
def test_target_buffers_of_the_other_kind(ray_version: tuple[int, ...], both_ways: Any) -> None:
    """Buffers on the other kind of device are filled; Ray before 2.58 refuses them."""
    for source, receiver, _ in both_ways:
        reference = _made(source, many, 3)
        if ray_version < ADDED:
            with pytest.raises(ValueError, match="Device"):
                ray.get(receiver.apply.remote(_fill, [reference]))
            continue

        same, seen = ray.get(receiver.apply.remote(_fill, [reference]))

        assert same
        assert seen == _on_host(many(3))


@BETWEEN_KINDS
@clause("XFER-KIND-02", MUST, source=SOURCE)
def test_a_target_device_of_the_other_kind(ray_version: tuple[int, ...], both_ways: Any) -> None:
    """Every dtype, a view, an empty tensor and a scalar arrive on the device asked for."""
    _since(ray_version)
    for source, receiver, kind in both_ways:
        reference = _made(source, _of_many_kinds)

        where, seen = ray.get(receiver.apply.remote(_get_on, [reference], kind))

        assert where == {kind}
        with torch.device("cpu"):
            assert seen == fingerprint(_of_many_kinds())


@BETWEEN_KINDS
@clause("XFER-KIND-03", MUST, source=SOURCE)
def test_the_driver_asks_for_the_host(ray_version: tuple[int, ...], sender: Any) -> None:
    """The driver receives on the host what an actor has on its NPU."""
    _since(ray_version)
    reference = _made(sender, ramp, 100)

    where, seen = _get_on([reference], "cpu")

    assert (where, seen) == ({"cpu"}, _on_host(ramp(100)))


@BETWEEN_KINDS
@clause("XFER-KIND-04", MUST, source="design: a receiver on the host does not disturb the others")
def test_receivers_of_both_kinds(
    ray_version: tuple[int, ...], sender: Any, receiver: Any, host_peer: Any
) -> None:
    """Receivers of both kinds get one object at the same time; it is copied to the host once."""
    _since(ray_version)
    ray.get(sender.apply.remote(start_journal))
    reference = _made(sender, ramp, 100_000)

    on_host = [host_peer.apply.remote(_get_on, [reference], "cpu") for _ in range(3)]
    seen = [observed(receiver, reference) for _ in range(3)]

    wanted = _on_host(ramp(100_000))
    assert ray.get(on_host) == [({"cpu"}, wanted)] * 3
    assert seen == [fingerprint(ramp(100_000))] * 3
    calls = ray.get(sender.apply.remote(calls_for_new_objects))
    assert [call.name for call in calls if call.name in CREATES] == ["dev_mset", "mcreate"]


@BETWEEN_KINDS
@clause("XFER-KIND-05", MUST, source="design: a wish holds for one reference")
def test_without_a_wish_the_kind_stays(
    ray_version: tuple[int, ...], sender: Any, receiver: Any
) -> None:
    """A wish about one reference leaves other objects, and other receivers, as they are."""
    _since(ray_version)
    reference, other = _made(sender, ramp, 10), _made(sender, ramp, 10)
    set_target_device_for_ref(reference, "cpu")

    kinds = [ray.get(one).device.type for one in (reference, other)]

    assert kinds == ["cpu", "npu"]
    assert observed(receiver, reference) == fingerprint(ramp(10))


@BETWEEN_KINDS
@clause("XFER-KIND-06", MUST, source="design: nothing of an object outlives it")
def test_the_host_copy_is_freed_too(
    ray_version: tuple[int, ...], fresh_peer: Any, host_peer: Any, host_keys: Any
) -> None:
    """With the last reference, the copy that was made for a receiver on the host goes as well."""
    _since(ray_version)
    source = fresh_peer()
    ray.get(source.apply.remote(start_journal))
    reference = _made(source, big, 1)
    ray.get(host_peer.apply.remote(_get_on, [reference], "cpu"))
    calls = ray.get(source.apply.remote(calls_for_new_objects))
    (copy,) = (key for call in calls if call.name == "mcreate" for key in call.keys)
    assert host_keys.existing([copy]) == [copy]

    del reference

    host_keys.vanish([copy])


@ON_STREAMS
@clause("XFER-KIND-07", MUST, source="design: memory is written when nothing else writes it")
def test_a_busy_target_of_the_other_kind(
    ray_version: tuple[int, ...], host_peer: Any, wide_slow_peer: Any
) -> None:
    """A target on the NPU that an earlier operation still writes gets a host object's values."""
    _since(ray_version)
    reference = _made(host_peer, ramp, SIZE)

    seen = ray.get(wide_slow_peer.apply.remote(_get_into_a_busy_target, [reference]))

    assert seen == fingerprint(ramp(SIZE))


def set_target_device_for_ref(reference: Any, device: str) -> None:
    """Call Ray's function, which older versions do not have."""
    experimental.set_target_device_for_ref(reference, device)


def _since(ray_version: tuple[int, ...]) -> None:
    if ray_version < ADDED:
        assert not hasattr(experimental, "set_target_device_for_ref")
        pytest.skip("Ray before 2.58 knows the source's kind of device only")


def _made(source: Any, function: Callable[..., Any], *arguments: Any) -> Any:
    reference = source.make.remote(function, *arguments)
    # Ray refuses to pass a reference inside a list before its metadata are known.
    ray.get(reference)
    return reference


def _fill(references: list[Any]) -> tuple[bool, Any]:
    buffers = [torch.full((4,), SENTINEL) for _ in range(3)]
    set_target_for_ref(references[0], buffers)
    received = ray.get(references[0])
    same = all(one is other for one, other in zip(received, buffers, strict=True))
    return same, _on_host(buffers)


def _get_on(references: list[Any], kind: str) -> tuple[set[str], Any]:
    set_target_device_for_ref(references[0], kind)
    received = ray.get(references[0])
    tensors = received if isinstance(received, list) else [received]
    return {one.device.type for one in tensors}, _on_host(received)


def _on_host(value: Any) -> Any:
    tensors = [one.cpu() for one in value] if isinstance(value, list) else value.cpu()
    return fingerprint(tensors)


def _of_many_kinds() -> list[torch.Tensor]:
    dtypes = [*INTEGERS, *FLOATS, "complex64"]
    return [
        *(random_bytes((3, 5), dtype, seed) for seed, dtype in enumerate(dtypes)),
        ramp(24).reshape(4, 6).t(),
        torch.empty(0, 3),
        ramp(1)[0],
    ]


def _get_into_a_busy_target(references: list[Any]) -> Any:
    target = torch.full((SIZE,), 0.0)
    torch.get_device_module("npu").synchronize()
    in_use = write_later(target)
    set_target_for_ref(references[0], [target])
    ray.get(references[0])
    return after_all_work(target, in_use)
