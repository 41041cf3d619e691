"""XFER-MUT, XFER-OWN, XFER-ALIGN and XFER-TARGET: whose memory a received tensor is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import ray
import torch
from ray.experimental import set_target_for_ref

from yr_conformance.transfer.actor_memory import forget, keep, keep_new, recall
from yr_conformance.transfer.clauses import BY_VALUE, MUST, clause
from yr_conformance.transfer.fingerprint import fingerprint
from yr_conformance.transfer.payloads import SENTINEL, addresses, big, many, overwrite, ramp
from yr_conformance.transfer.peer import observed

ALIGNMENT = 64
# Small values travel inside a message, large ones through shared memory (500 KiB and more).
ROUNDS = 10
SIZES = pytest.mark.parametrize("count", [1000, 500_000], ids=["small", "large"])


def _free(tensor: torch.Tensor) -> None:
    """Give the memory back to the device, and not only to torch's cache."""
    del tensor
    if torch.get_default_device().type != "cpu":
        torch.accelerator.memory.empty_cache()


def _reuse(tensor: torch.Tensor) -> None:
    """Let other tensors lie where the received one was."""
    shape = tensor.shape
    del tensor
    keep("reused", [torch.full(shape, SENTINEL) for _ in range(4)])


@clause("XFER-MUT-01", MUST, source="measured on ray-ascend 0.1.1: received tensors are aliases")
@SIZES
def test_a_write_is_not_seen_by_a_second_get(sender: Any, count: int) -> None:
    """What the driver writes into a received tensor, a second `ray.get` does not see."""
    reference = sender.make.remote(ramp, count)
    first = ray.get(reference)

    overwrite(first)

    assert fingerprint(ray.get(reference)) == fingerprint(ramp(count))
    assert bool((first == SENTINEL).all())


@clause("XFER-MUT-02", MUST, source="measured on ray-ascend 0.1.1: received tensors are aliases")
@SIZES
def test_a_write_is_not_seen_by_another_actor(
    sender: Any, receiver: Any, third: Any, count: int
) -> None:
    """What one receiver writes, a later receiver and an earlier one do not see."""
    reference = sender.make.remote(ramp, count)

    ray.get(receiver.apply.remote(overwrite, reference))
    assert observed(third, reference) == fingerprint(ramp(count))
    ray.get(third.apply.remote(keep, "earlier", reference))
    ray.get(receiver.apply.remote(overwrite, reference))

    assert ray.get(third.apply.remote(_kept_print, "earlier")) == fingerprint(ramp(count))


@clause("XFER-MUT-03", MUST, source="measured on ray-ascend 0.1.1: received tensors are aliases")
@SIZES
def test_a_write_is_not_seen_by_the_sender(sender: Any, receiver: Any, count: int) -> None:
    """What a receiver writes, the sender does not see in its own tensor."""
    ray.get(sender.apply.remote(keep_new, "own", ramp, count))
    reference = sender.make.remote(recall, "own")

    ray.get(receiver.apply.remote(overwrite, reference))

    assert ray.get(sender.apply.remote(_kept_print, "own")) == fingerprint(ramp(count))


@clause("XFER-MUT-04", MUST, source="design: the object is what the method returned")
@BY_VALUE
@SIZES
def test_a_later_write_of_the_sender_is_not_sent(sender: Any, receiver: Any, count: int) -> None:
    """What the sender writes into its tensor after the method returned, nobody receives."""
    ray.get(sender.apply.remote(keep_new, "own", ramp, count))
    reference = sender.make.remote(recall, "own")
    ray.wait([reference])

    ray.get(sender.apply.remote(_overwrite_kept, "own"))

    assert observed(receiver, reference) == fingerprint(ramp(count))
    assert fingerprint(ray.get(reference)) == fingerprint(ramp(count))


@clause("XFER-MUT-05", MUST, source="design: receive is isolated")
@SIZES
def test_a_later_write_of_the_sender_does_not_reach_a_received_tensor(
    sender: Any, count: int
) -> None:
    """A tensor once received stays as it is when the sender overwrites its own."""
    ray.get(sender.apply.remote(keep_new, "own", ramp, count))
    received = ray.get(sender.make.remote(recall, "own"))

    ray.get(sender.apply.remote(_overwrite_kept, "own"))

    assert fingerprint(received) == fingerprint(ramp(count))


@clause("XFER-MUT-06", MUST, source="design: tensors of one object are independent")
@pytest.mark.parametrize("name", ["separate", "shared-storage"])
def test_tensors_of_one_object_do_not_overlap(sender: Any, name: str) -> None:
    """A write into one received tensor leaves the others of its object alone.

    One tensor object that stands twice in a result is one object at the receiver as well (pickle).
    """
    received = ray.get(sender.make.remote(_three, name))
    before = fingerprint(received)

    overwrite(received[1])

    assert fingerprint([received[0], received[2]]) == [before[0], before[2]]


@clause("XFER-MUT-07", MUST, source="design: receive is isolated")
def test_received_tensors_can_be_written(sender: Any, receiver: Any) -> None:
    """A received tensor can be changed in place, in an actor and in the driver."""
    reference = sender.make.remote(ramp, 5)

    ray.get(receiver.apply.remote(overwrite, reference))
    received = ray.get(reference)
    received += 1

    assert fingerprint(received) == fingerprint(ramp(5, 1.0))


@clause("XFER-MUT-08", MUST, source="measured on ray-ascend 0.1.1: a third actor reads its writes")
@pytest.mark.parametrize("misuse", [overwrite, _free, _reuse], ids=lambda use: use.__name__)
def test_what_a_receiver_does_reaches_no_other_receiver(
    sender: Any, receiver: Any, third: Any, misuse: Callable[..., None]
) -> None:
    """While one receiver overwrites, frees or reuses its tensors, another one gets the object."""
    reference = sender.make.remote(ramp, 500_000)

    seen = []
    for _ in range(ROUNDS):
        receiver.apply.remote(misuse, reference)
        seen.append(third.apply.remote(fingerprint, reference))

    assert ray.get(seen) == [fingerprint(ramp(500_000))] * ROUNDS


@clause("XFER-ALIGN-01", MUST, source="torch: its CPU allocator aligns to 64 bytes")
def test_received_tensors_are_aligned(sender: Any, receiver: Any) -> None:
    """Every received tensor begins at an address divisible by 64."""
    reference = sender.make.remote(_misaligned_sizes)

    places = addresses(*ray.get(reference)) + ray.get(receiver.apply.remote(_places, reference))

    assert [place % ALIGNMENT for place in places] == [0] * len(places)


@clause("XFER-OWN-01", MUST, source="measured on openyuanrong-datasystem 0.8.1: pages are reused")
def test_received_tensors_outlive_the_object(sender: Any, receiver: Any) -> None:
    """A received tensor keeps its content after its object is gone and others took its place."""
    reference = sender.make.remote(big, 32, 1)
    received = ray.get(reference)
    ray.get(receiver.apply.remote(keep, "outlives", reference))
    del reference

    for seed in range(30):
        ray.get(sender.make.remote(big, 32, seed))

    assert fingerprint(received) == fingerprint(big(32, 1))
    assert ray.get(receiver.apply.remote(_kept_print, "outlives")) == fingerprint(big(32, 1))
    ray.get(receiver.apply.remote(forget, "outlives"))


@clause("XFER-TARGET-01", MUST, source="Ray RDT: set_target_for_ref; ray-ascend#49")
def test_target_buffers_are_filled_in_place(sender: Any) -> None:
    """Buffers given by `set_target_for_ref` are filled and are the very objects returned."""
    buffers = [torch.full((4,), SENTINEL) for _ in range(3)]
    reference = sender.make.remote(many, 3)

    set_target_for_ref(reference, buffers)
    received = ray.get(reference)

    assert [one is other for one, other in zip(received, buffers, strict=True)] == [True] * 3
    assert fingerprint(buffers) == fingerprint(many(3))


@clause("XFER-TARGET-02", MUST, source="Ray RDT: set_target_for_ref")
def test_target_buffers_may_be_slices(sender: Any) -> None:
    """A target buffer may be a slice of a larger tensor, of which nothing else is written."""
    whole = torch.full((3, 1000), SENTINEL)
    # Ray holds the buffers by weak references.
    target = whole[1]
    reference = sender.make.remote(ramp, 1000)

    set_target_for_ref(reference, [target])
    received = ray.get(reference)

    assert received is target
    assert fingerprint(whole[1]) == fingerprint(ramp(1000))
    assert bool((whole[::2] == SENTINEL).all())


@clause("XFER-TARGET-03", MUST, source="Ray RDT: Ray checks shape and dtype of the buffers")
def test_a_target_buffer_of_another_shape_is_refused(sender: Any) -> None:
    """A buffer of the wrong shape is refused with ValueError and not written."""
    buffer = torch.full((5,), SENTINEL)
    reference = sender.make.remote(ramp, 4)

    set_target_for_ref(reference, [buffer])
    with pytest.raises(ValueError, match="shape"):
        ray.get(reference)

    assert bool((buffer == SENTINEL).all())


@clause("XFER-TARGET-04", MUST, source="Ray RDT: set_target_for_ref holds for one reference")
def test_target_buffers_belong_to_one_reference(sender: Any) -> None:
    """A buffer given for one reference is left alone by the transfer of another."""
    buffer = torch.full((4,), SENTINEL)
    reference, other = (sender.make.remote(ramp, 4, start) for start in (0.0, 9.0))

    set_target_for_ref(reference, [buffer])
    received = ray.get(other)

    assert fingerprint(received) == fingerprint(ramp(4, 9.0))
    assert bool((buffer == SENTINEL).all())


def _kept_print(name: str) -> Any:
    return fingerprint(recall(name))


def _overwrite_kept(name: str) -> None:
    overwrite(recall(name))


def _three(name: str) -> list[torch.Tensor]:
    whole = ramp(30)
    return many(3) if name == "separate" else [whole[:10], whole[5:25], whole]


def _misaligned_sizes() -> list[torch.Tensor]:
    return [
        ramp(size).to(dtype) for size in (1, 3, 16, 17) for dtype in (torch.int8, torch.float64)
    ]


def _places(tensors: list[torch.Tensor]) -> list[int]:
    return addresses(*tensors)
