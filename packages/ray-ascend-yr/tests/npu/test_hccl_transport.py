"""The tensor transport HCCL: tensors from actor to actor of a group, and what becomes of failures.

yr-fake-cann run --npus 4 -- pytest packages/ray-ascend-yr/tests/npu
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import ray
import torch
from npu_actors import (
    Outcome,
    attempt,
    kept_objects,
    limit_transfers_to,
    of_every_kind,
    on_host,
    ramp,
    total,
)
from ray.experimental.collective import destroy_collective_group
from ray.util import collective

from ray_ascend import create_collective_group, register_hccl_tensor_transport
from ray_ascend.errors import CollectiveError, ConfigurationError

SOON_S = 12.0
"""Ray learns of a death within seconds, on a busy machine too."""
pytestmark = [
    pytest.mark.long,
    pytest.mark.filterwarnings("ignore::UserWarning:torch_npu"),
]


@contextlib.contextmanager
def cause() -> Iterator[list[str]]:
    """Expect an error of a collective group, and give its text."""
    said: list[str] = []
    with pytest.raises(ray.exceptions.RayTaskError) as caught:
        yield said
    assert isinstance(caught.value, CollectiveError)
    said.append(str(caught.value))


def wait_for(actor: Any, function: Callable[[], Any], wanted: Any) -> None:
    """Wait until a function returns that in an actor."""
    deadline = time.monotonic() + SOON_S
    while (seen := ray.get(actor.apply.remote(function))) != wanted:
        assert time.monotonic() < deadline, seen


def test_every_kind_of_tensor_arrives(peers: list[Any], group: str) -> None:
    """Dtypes, shapes, views and values among them, for two receivers of one object."""
    reference = peers[0].hand.remote(of_every_kind)
    here = ray.get(peers[0].apply.remote(lambda: on_host(of_every_kind())))

    assert ray.get([one.apply.remote(on_host, reference) for one in peers[1:]]) == [here, here]


def test_objects_without_bytes_or_tensors(peers: list[Any], group: str) -> None:
    """Nothing is sent for them, and the values arrive."""
    empty = peers[0].hand.remote(lambda: torch.zeros(0, 3, device="npu"))
    plain = peers[0].hand.remote(lambda: {"step": 7})

    assert ray.get(peers[1].apply.remote(on_host, empty))[0][3] == (0, 3)
    assert ray.get(peers[1].apply.remote(on_host, plain)) == {"step": 7}


def test_it_is_freed_when_it_was_sent_though_nobody_refers_to_it(
    peers: list[Any], group: str
) -> None:
    """The reference goes while the object is under way."""
    before = [ray.get(one.apply.remote(kept_objects)) for one in peers]
    reference = peers[0].hand.remote(ramp, 1000)
    sums = [one.apply.remote(total, reference) for one in peers[1:]]
    del reference

    assert ray.get(sums) == [sum(range(1000))] * 2
    for one, count in zip(peers, before, strict=True):
        wait_for(one, kept_objects, count)


def test_both_transports_in_one_actor(peers: list[Any], group: str) -> None:
    """An object of one is sent on by the other, and neither touches what is the other's."""
    first = peers[0].hand.remote(ramp, 9)
    second = peers[1].make.remote(torch.neg, first)
    third = peers[2].hand.remote(torch.neg, second)
    del first

    assert ray.get(peers[0].apply.remote(total, third)) == 36
    assert ray.get(second).tolist() == [float(-n) for n in range(9)]


def test_transfers_while_the_actors_are_in_a_collective(peers: list[Any], group: str) -> None:
    """The group's own operations, in another thread, do not meet those of the transport."""

    def reduce_often(rank: int, group: str) -> float:
        tensor = torch.ones(8, device="npu")
        for _ in range(60):
            collective.allreduce(tensor, group)
            tensor.div_(3)
            collective.send(tensor, 1, group) if rank == 0 else None
            collective.recv(tensor, 0, group) if rank == 1 else None
        return float(tensor.sum())

    reducing = [one.apply.remote(reduce_often, rank, group) for rank, one in enumerate(peers)]
    references = [peers[n % 2].hand.remote(ramp, 8 + n) for n in range(10)]
    sums = [peers[1 - n % 2].apply.remote(total, one) for n, one in enumerate(references)]

    assert ray.get(reducing) == [8.0] * 3
    assert ray.get(sums) == [sum(range(8 + n)) for n in range(10)]


@pytest.mark.parametrize(
    "use", [ray.get, lambda _: ray.put(torch.ones(1), _tensor_transport="HCCL")]
)
def test_a_driver_is_told_what_it_can_do(peers: list[Any], group: str, use: Any) -> None:
    """The error names the transport whose objects ray.get fetches."""
    reference = peers[0].hand.remote(ramp, 4)

    with pytest.raises(ConfigurationError, match='tensor_transport="YR"'):
        use(reference)


def test_an_actor_without_a_group_is_named(peers: list[Any]) -> None:
    """At once, where its method is called."""
    with pytest.raises(ConfigurationError, match="is in no HCCL group"):
        peers[0].hand.remote(ramp, 4)


def test_a_receiver_outside_the_group_is_told(peers: list[Any]) -> None:
    """The error names both actors, and the source goes on."""
    handle = create_collective_group(peers[:2])
    reference = peers[0].hand.remote(ramp, 4)

    with cause() as said:
        ray.get(peers[2].apply.remote(total, reference))

    assert "are not in one HCCL group" in said[0]
    assert ray.get(peers[1].apply.remote(total, reference)) == 6
    destroy_collective_group(handle)


def test_a_tensor_on_the_host_is_refused_where_it_was_made(peers: list[Any], group: str) -> None:
    """The task that returns it fails, before anything is sent."""
    with pytest.raises(ray.exceptions.RayTaskError, match="tensors on device type 'cpu'"):
        ray.get(peers[1].apply.remote(total, peers[0].hand.remote(torch.ones, 2)))


def test_an_error_of_the_source_reaches_the_receiver(peers: list[Any], group: str) -> None:
    """Nothing is sent, and both go on."""
    with pytest.raises(ray.exceptions.RayTaskError, match="ZeroDivisionError"):
        ray.get(peers[1].apply.remote(total, peers[0].hand.remote(lambda: 1 / 0)))

    assert ray.get(peers[1].apply.remote(total, peers[0].hand.remote(ramp, 4))) == 6


@pytest.mark.parametrize("begun", [False, True], ids=["before it", "inside it"])
@pytest.mark.parametrize("sends", [False, True], ids=["receiver", "source"])
def test_a_side_that_dies_is_named_and_the_other_goes_on(
    peers: list[Any], casualty: Any, sends: bool, begun: bool
) -> None:
    """Neither is blocked or killed; the object stays with a source that lives."""

    def die_in_the_next(begun: bool) -> None:
        from ray_ascend.collective.transfer import Transfer

        setattr(Transfer, "finish" if begun else "meet", lambda *_: os._exit(1))

    handle = create_collective_group([casualty, *peers])
    source, receiver = (casualty, peers[0]) if sends else (peers[0], casualty)
    reference = source.hand.remote(ramp, 4)
    assert ray.get(receiver.apply.remote(total, reference)) == 6
    ray.get(casualty.apply.remote(die_in_the_next, begun))

    begin = time.monotonic()
    with pytest.raises((CollectiveError, ray.exceptions.ActorDiedError), match="died"):
        ray.get(receiver.apply.remote(total, reference))

    assert time.monotonic() - begin < SOON_S
    mine = peers[0].hand.remote(ramp, 4)
    destroy_collective_group(handle)
    handle = create_collective_group(peers)
    assert ray.get(peers[1].apply.remote(total, mine)) == 6
    destroy_collective_group(handle)


def test_a_source_that_hangs_is_given_up_and_the_pair_works_again(
    peers: list[Any], group: str
) -> None:
    """The receiver's limit ends its wait; the next transfer makes a new communicator."""

    def hang_once() -> None:
        from ray_ascend.collective.pair import Pair

        moves = Pair._move

        def hang(self: Any, transfer: Any, begin: Any) -> None:
            Pair._move = moves  # type: ignore[method-assign]
            transfer.meet(self._name)

        Pair._move = hang  # type: ignore[method-assign]

    reference = peers[0].hand.remote(ramp, 4)
    assert ray.get(peers[1].apply.remote(total, reference)) == 6
    ray.get(peers[1].apply.remote(limit_transfers_to, 2.0))
    ray.get(peers[0].apply.remote(hang_once))

    with cause() as said:
        ray.get(peers[1].apply.remote(total, reference))

    assert "both ranks began it, but HCCL did not end it within 2 s" in said[0]
    ray.get(peers[1].apply.remote(limit_transfers_to, 45.0))
    assert ray.get([peers[1].apply.remote(total, reference) for _ in range(2)]) == [6, 6]
    assert ray.get(peers[0].apply.remote(total, peers[1].hand.remote(ramp, 4))) == 6


@pytest.mark.parametrize(
    ("leaver", "text"),
    [(1, "Ray gave the transfer"), (0, "rank 0, which keeps the group's store, has left")],
)
def test_a_source_that_has_left_the_group_ends_the_receiver_s_wait(
    peers: list[Any], leaver: int, text: str
) -> None:
    """The receiver hears of it long before its limit."""
    handle = create_collective_group(peers, name="left")
    reference = peers[leaver].hand.remote(ramp, 4)
    assert ray.get(peers[2].apply.remote(total, reference)) == 6
    ray.get(peers[leaver].apply.remote(collective.destroy_collective_group, "left"))

    found: Outcome = attempt(lambda: ray.get(peers[2].apply.remote(total, reference)))

    assert text in found.message
    assert found.seconds < SOON_S
    destroy_collective_group(handle)


def test_a_receiver_without_memory_keeps_no_source_waiting(peers: list[Any], group: str) -> None:
    """Its own task has the error, and the source serves the next receiver at once."""

    def have_no_memory_once() -> None:
        from ray_ascend.hccl_transport import manager

        fresh = manager._fresh

        def fail(*_: Any) -> Any:
            vars(manager)["_fresh"] = fresh
            raise RuntimeError("NPU out of memory")

        vars(manager)["_fresh"] = fail

    ray.get(peers[1].apply.remote(have_no_memory_once))
    reference = peers[0].hand.remote(ramp, 4)

    with pytest.raises(ray.exceptions.RayTaskError, match="NPU out of memory"):
        ray.get(peers[1].apply.remote(total, reference))
    found = attempt(lambda: ray.get(peers[2].apply.remote(total, reference)))

    assert found.result == 6
    assert found.seconds < SOON_S


def test_registering_twice_is_free() -> None:
    """In a process that has the transport already."""
    register_hccl_tensor_transport()
    register_hccl_tensor_transport()
