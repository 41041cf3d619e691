"""NPU tensors between actors, on whatever datasystem and CANN are on the path.

yr-fake-cann run --npus 4 -- pytest packages/ray-ascend-yr/tests/npu
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import npu_actors
import pytest
import ray
import torch
from npu_actors import (
    Counts,
    many,
    new_peer,
    new_putter,
    of_every_kind,
    on_host,
    overwrite,
    ramp,
    total,
    two,
)
from ray.experimental import set_target_for_ref

from ray_ascend.errors import RayAscendError, UnsupportedDeviceError

PATIENCE_S = 20.0
pytestmark = [
    pytest.mark.long,
    pytest.mark.filterwarnings("ignore::UserWarning:torch_npu"),
    pytest.mark.filterwarnings("ignore:ComplexHalf support is experimental"),
]


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, which must come true."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def test_actors_have_npus_of_their_own(peers: list[Any]) -> None:
    """Ray gives each of them another one."""
    visible = [ray.get(peer.apply.remote(os.getenv, "ASCEND_RT_VISIBLE_DEVICES")) for peer in peers]

    assert len(set(visible)) == 3


def test_every_kind_of_tensor_arrives(peers: list[Any]) -> None:
    """Dtypes, shapes, views, gradients and ordinary values are what the source made."""
    sender, receiver, _ = peers

    arrived = ray.get(receiver.apply.remote(on_host, sender.make.remote(of_every_kind)))

    made = ray.get(sender.apply.remote(lambda: on_host(of_every_kind())))
    assert arrived.keys() == made.keys()
    for name, wanted in made.items():
        assert arrived[name] == wanted, name


def test_an_object_reaches_a_chain_and_several_receivers(peers: list[Any]) -> None:
    """Every receiver gets the object, and hands on what it made of it."""
    first, second, third = peers
    reference = first.make.remote(ramp, 100)

    doubled = second.make.remote(lambda tensor: tensor * 2, reference)

    sums = [third.apply.remote(total, one) for one in (reference, doubled, reference)]
    assert ray.get(sums) == [4950, 9900, 4950]


@pytest.mark.parametrize("sender", range(3))
def test_the_driver_gets_an_object_of_any_npu(peers: list[Any], sender: int) -> None:
    """Also from the actor whose NPU is the one that the driver uses: through host memory."""
    tensor = ray.get(peers[sender].make.remote(ramp, 100))

    assert (tensor.device.type, total(tensor)) == ("npu", 4950)


def test_the_driver_puts_an_object(peers: list[Any]) -> None:
    """`ray.put` in the driver offers it to actors on any NPU."""
    reference = ray.put(ramp(100), _tensor_transport="YR")

    assert [ray.get(peer.apply.remote(total, reference)) for peer in peers] == [4950] * 3


def test_an_actor_that_only_puts_answers_too(peers: list[Any]) -> None:
    """An actor without a method of a transport lives on when it is asked for a host copy."""
    putter = new_putter()

    for npu in range(4):  # one of them is the actor's own, and needs the copy
        (reference,) = ray.get(putter.put.remote(ramp, 100))
        buffers = [torch.zeros(100, device=f"npu:{npu}")]
        set_target_for_ref(reference, buffers)
        assert total(ray.get(reference)) == 4950


def test_target_buffers_are_filled(peers: list[Any]) -> None:
    """Buffers of the user's, on an NPU of the user's choice, are the very tensors returned."""
    buffers = [torch.zeros(3, device="npu:3") for _ in range(2)]
    reference = peers[0].make.remote(many, 2)
    set_target_for_ref(reference, buffers)

    got = ray.get(reference)

    assert all(one is other for one, other in zip(got, buffers, strict=True))
    assert [one.tolist() for one in buffers] == [[0.0] * 3, [1.0] * 3]


def test_what_a_receiver_writes_nobody_else_reads(peers: list[Any]) -> None:
    """A receiver overwrites and drops its tensor; a third actor still gets the source's bytes."""
    first, second, third = peers
    for _ in range(10):
        reference = first.make.remote(ramp, 1 << 16)
        ray.get(second.apply.remote(overwrite, reference))
        second.apply.remote(lambda: overwrite(torch.empty(1 << 16, device="npu")))

        assert ray.get(third.apply.remote(total, reference)) == sum(range(1 << 16))


@pytest.mark.parametrize("count", [1, 10, 5000])
def test_calls_do_not_grow_with_the_number_of_tensors(peers: list[Any], count: int) -> None:
    """One publish, one subscribe for each receiver, one withdrawal, nothing through the host."""
    sender, receiver, _ = peers
    ray.get([peer.apply.remote(Counts.begin) for peer in (sender, receiver)])
    reference = sender.make.remote(many, count)

    assert ray.get(receiver.apply.remote(len, reference)) == count

    assert ray.get(receiver.apply.remote(Counts.read)) == {"subscribe": 1}
    del reference
    until(lambda: ray.get(sender.apply.remote(Counts.read)) == {"publish": 1, "withdraw": 1})


def test_the_source_frees_its_memory_with_the_last_reference(peers: list[Any]) -> None:
    """The NPU memory of an object is kept as long as a reference to it, and no longer."""
    sender = new_peer()  # in which nothing of an earlier test is still to be freed
    before = ray.get(sender.apply.remote(npu_actors.used_memory))
    reference = sender.make.remote(ramp, 1 << 20)
    assert ray.get(peers[1].apply.remote(total, reference)) > 0
    assert ray.get(sender.apply.remote(npu_actors.used_memory)) >= before + (4 << 20)

    del reference

    until(lambda: bool(ray.get(sender.apply.remote(npu_actors.used_memory)) <= before))
    ray.kill(sender)


def test_the_driver_puts_tensors_of_two_npus(peers: list[Any]) -> None:
    """They arrive where they were in the driver, and in an actor on its only NPU."""
    pair = [torch.full((2,), float(npu), device=f"npu:{npu}") for npu in (2, 3)]

    reference = ray.put(pair, _tensor_transport="YR")

    assert [(one.device.index, total(one)) for one in ray.get(reference)] == [(2, 4.0), (3, 6.0)]
    seen = ray.get(peers[0].apply.remote(on_host, reference))
    assert seen == ray.get(peers[1].apply.remote(lambda: on_host([two(2.0), two(3.0)])))


def test_a_receiver_without_an_npu_gets_a_clear_error(peers: list[Any]) -> None:
    """The error names the process and what it sees; the object stays fetchable."""
    reference = peers[0].make.remote(ramp, 10)
    without = new_peer(npus=0)
    ray.get(without.apply.remote(os.environ.__setitem__, "ASCEND_RT_VISIBLE_DEVICES", ""))

    with pytest.raises(UnsupportedDeviceError, match="has no NPU"):
        ray.get(without.apply.remote(total, reference))

    assert ray.get(peers[1].apply.remote(total, reference)) == 45


def test_the_current_npu_stays_what_it_was(peers: list[Any]) -> None:
    """A receiver finds the tensor on its current NPU, and that NPU still current."""
    reference = peers[0].make.remote(ramp, 10)

    assert ray.get(peers[1].apply.remote(npu_actors.current_npu_after, reference)) == ("npu:0", 0)


def test_a_source_that_died_is_an_error_in_time(peers: list[Any]) -> None:
    """Kill -9 of the source: a later fetch fails with our error, others go on."""
    doomed = new_peer()
    reference = doomed.make.remote(ramp, 10)
    ray.wait([reference], fetch_local=False)
    pid = ray.get(doomed.apply.remote(os.getpid))

    os.kill(pid, signal.SIGKILL)
    begin = time.monotonic()
    with pytest.raises((RayAscendError, ray.exceptions.RayError)):
        ray.get(peers[1].apply.remote(total, reference))

    assert time.monotonic() - begin < PATIENCE_S
    assert ray.get(peers[1].apply.remote(total, peers[2].make.remote(ramp, 10))) == 45
