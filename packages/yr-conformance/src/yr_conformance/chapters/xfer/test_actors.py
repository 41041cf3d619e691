"""XFER-ACTOR and XFER-SIZE: kinds of actors, many transfers at a time, large objects."""

from __future__ import annotations

import pathlib
import threading
from collections.abc import Callable
from typing import Any

import pytest
import ray
import torch

from yr_conformance.transfer.clauses import MUST, clause
from yr_conformance.transfer.fingerprint import fingerprint
from yr_conformance.transfer.payloads import big, give, many, ramp, random_bytes
from yr_conformance.transfer.peer import TRANSPORT, observed
from yr_conformance.transfer.registration import register_transport

PIPELINED = 60


@clause("XFER-ACTOR-01", MUST, source="Ray: max_concurrency; extract runs on any thread")
def test_threaded_actors(threaded_peer: Any, receiver: Any) -> None:
    """An actor with several threads sends and receives many objects at a time."""
    _pipelined(receiver, threaded_peer)
    _pipelined(threaded_peer, receiver)


@clause("XFER-ACTOR-02", MUST, source="Ray: async actors; extract runs on the event loop")
def test_async_actors(async_peer: Any, receiver: Any) -> None:
    """An actor with coroutines sends many objects at a time, and receives one after the other."""
    _pipelined(async_peer, receiver)
    references = [receiver.make.remote(ramp, n + 1, float(n)) for n in range(PIPELINED)]
    seen = [ray.get(async_peer.apply.remote(fingerprint, reference)) for reference in references]

    assert seen == [fingerprint(ramp(n + 1, float(n))) for n in range(PIPELINED)]


@clause("XFER-ACTOR-03", MUST, source="Ray RDT: test_out_of_order_actors")
def test_concurrent_transfers(sender: Any, receiver: Any, third: Any) -> None:
    """Many transfers in flight between three actors do not mix up their tensors."""
    ring = [sender, receiver, third]
    passed = [
        ring[(n + 1) % 3].apply.remote(fingerprint, ring[n % 3].make.remote(ramp, n + 1, float(n)))
        for n in range(PIPELINED)
    ]

    assert ray.get(passed) == [fingerprint(ramp(n + 1, float(n))) for n in range(PIPELINED)]


@clause("XFER-ACTOR-04", MUST, source="published-package check list, no. 23")
def test_a_slow_constructor_holds_nobody_up(
    late_peer: Any, sender: Any, receiver: Any, tmp_path: pathlib.Path
) -> None:
    """While an actor's constructor runs, submissions and transfers of other actors go on."""
    gate = tmp_path / "gate"
    late = late_peer(str(gate))
    answers: list[Any] = []
    # Ray itself makes the first submission to an actor wait until the actor is there.
    waiting = threading.Thread(target=lambda: answers.append(ray.get(late.make.remote(ramp, 2))))
    waiting.start()

    seen = observed(receiver, sender.make.remote(random_bytes, (9,)))
    early = list(answers)
    gate.touch()
    waiting.join()

    assert (seen, early) == (fingerprint(random_bytes((9,))), [])
    assert fingerprint(answers) == [fingerprint(ramp(2))]


@clause("XFER-ACTOR-05", MUST, source="Ray RDT: test_dynamic_tensor_transport_via_options")
def test_the_transport_may_be_chosen_per_call(unregistered: Any, receiver: Any) -> None:
    """`.options(tensor_transport=)` sends one call's result through the transport."""
    reference = unregistered.apply.options(tensor_transport=TRANSPORT).remote(random_bytes, (15,))

    assert observed(receiver, reference) == fingerprint(random_bytes((15,)))


@clause("XFER-ACTOR-06", MUST, source="Ray RDT: test_register_and_use_custom_transport")
def test_plain_methods_still_work(sender: Any, receiver: Any) -> None:
    """A method without the transport, of the same actor, passes tensors by Ray's own store."""
    reference = sender.apply.remote(random_bytes, (17,))

    assert ray.get(receiver.apply.remote(fingerprint, reference)) == fingerprint(ray.get(reference))
    assert fingerprint(ray.get(reference)) == fingerprint(random_bytes((17,)))


@clause("XFER-ACTOR-07", MUST, source="guide: registration in the driver reaches its actors")
def test_an_actor_need_not_register(unregistered: Any, sender: Any) -> None:
    """An actor that registers nothing itself receives what others send."""
    seen = ray.get(unregistered.apply.remote(fingerprint, sender.make.remote(random_bytes, (25,))))

    assert seen == fingerprint(random_bytes((25,)))


@clause("XFER-ACTOR-08", MUST, source="Ray RDT: test_transfer_from_not_actor_creator")
def test_a_third_actor_directs_a_transfer(sender: Any, receiver: Any, third: Any) -> None:
    """An actor that holds the handles of two others can pass tensors between them."""
    seen = ray.get(third.apply.remote(_direct, [sender, receiver]))

    assert seen == fingerprint(random_bytes((27,)))


@clause("XFER-ACTOR-09", MUST, source="guide: register in the driver and in each constructor")
def test_registering_again_changes_nothing(sender: Any, receiver: Any) -> None:
    """Registering again, in the driver and in an actor that has sent, is harmless."""
    reference = sender.make.remote(random_bytes, (11,))
    ray.wait([reference])

    _register_again()
    ray.get(sender.apply.remote(_register_again))

    assert observed(receiver, reference) == fingerprint(random_bytes((11,)))


@clause("XFER-ACTOR-10", MUST, source="guide: the actor is an ordinary class")
def test_threads_of_the_driver(sender: Any) -> None:
    """Several threads of the driver may submit and get at the same time."""
    seen: dict[int, Any] = {}
    threads = [
        threading.Thread(target=_submit_and_get, args=(sender, number, seen)) for number in range(8)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert seen == {number: fingerprint(ramp(50, float(number))) for number in range(8)}


@clause("XFER-ACTOR-11", MUST, source="Ray: async actors; extract runs on the event loop")
def test_async_actors_that_receive_many(async_peer: Any, receiver: Any) -> None:
    """An actor with coroutines receives many objects at a time."""
    _pipelined(receiver, async_peer)


@clause("XFER-ACTOR-12", MUST, source="measured on Ray 2.60.0: docs/ray-limits.md")
def test_async_actors_that_do_one_thing_at_a_time(serial_peer: Any, receiver: Any) -> None:
    """An actor whose coroutines run one after the other receives whatever waits for it."""
    _pipelined(receiver, serial_peer)


@clause("XFER-SIZE-01", MUST, source="guide: large tensors")
def test_an_object_of_hundreds_of_megabytes(
    sender: Any, receiver: Any, room: Callable[[int], None]
) -> None:
    """An object of 256 MiB in one tensor arrives complete."""
    room(256)
    reference = sender.make.remote(big, 256)

    assert observed(receiver, reference) == fingerprint(ray.get(reference))
    assert fingerprint(ray.get(reference)) == fingerprint(big(256))


@clause("XFER-SIZE-02", MUST, source="measured on openyuanrong-datasystem 0.8.1: 500 KiB threshold")
@pytest.mark.parametrize("size", [1, 511_999, 512_000, 512_001, 2**20 + 1])
def test_sizes_around_the_threshold_of_shared_memory(sender: Any, receiver: Any, size: int) -> None:
    """Objects just below and above the size at which shared memory is used arrive alike."""
    reference = sender.make.remote(random_bytes, (size,), "uint8")

    assert observed(receiver, reference) == fingerprint(random_bytes((size,), "uint8"))


@clause("XFER-SIZE-03", MUST, source="ray-ascend PR 55: many tensors in one object")
def test_many_tensors_with_megabytes_in_all(sender: Any, receiver: Any) -> None:
    """Two thousand tensors of 32 KiB in one object arrive in their order."""
    reference = sender.make.remote(many, 2000, 8192)

    seen = ray.get(receiver.apply.remote(_joined, reference))

    assert seen == fingerprint(torch.cat(many(2000, 8192)))


def _pipelined(source: Any, destination: Any) -> None:
    references = [source.make.remote(ramp, n + 1, float(n)) for n in range(PIPELINED)]
    seen = ray.get([destination.apply.remote(fingerprint, reference) for reference in references])
    assert seen == [fingerprint(ramp(n + 1, float(n))) for n in range(PIPELINED)]


def _direct(handles: list[Any]) -> Any:
    source, destination = handles
    return ray.get(destination.apply.remote(fingerprint, source.make.remote(random_bytes, (27,))))


def _register_again() -> None:
    for _ in range(2):
        register_transport()


def _submit_and_get(sender: Any, number: int, seen: dict[int, Any]) -> None:
    seen[number] = fingerprint(give(ray.get(sender.make.remote(ramp, 50, float(number)))))


def _joined(tensors: list[torch.Tensor]) -> Any:
    return fingerprint(torch.cat(tensors))
