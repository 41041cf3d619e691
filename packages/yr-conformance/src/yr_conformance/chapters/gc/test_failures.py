"""GC-FAIL and GC-DEAD: data after failures, and after the death of either side."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest
import ray
import torch

from yr_conformance.transfer.actor_memory import is_alive, make_watched
from yr_conformance.transfer.clauses import BY_VALUE, MUST, SHOULD, clause
from yr_conformance.transfer.fingerprint import fingerprint
from yr_conformance.transfer.key_space import KeySpace
from yr_conformance.transfer.key_watch import KeyWatch
from yr_conformance.transfer.payloads import big, filled, ramp
from yr_conformance.transfer.peer import observed
from yr_conformance.transfer.processes import stays, suspended
from yr_conformance.transfer.ray_session import (
    FETCH_TIMEOUT_SECONDS,
    SHARED_MEMORY_MB,
    RaySession,
)
from yr_conformance.waiting import wait_until

# The owner's monitor looks at its transfers once a second and kills by then (Ray 2.55 and 2.60).
MONITOR_SECONDS = 2.5
CHUNK_MB = 64


@clause("GC-FAIL-01", MUST, source="design: a failed put leaves nothing")
@BY_VALUE
def test_a_failed_store_leaves_no_key(sender: Any, keys: KeyWatch) -> None:
    """A result that did not fit into the worker's memory leaves no key and no memory behind."""
    keys.start(sender)
    too_big = sender.make.remote(big, SHARED_MEMORY_MB + 64)
    ray.wait([too_big], timeout=60)

    keys.note(sender)

    assert keys.existing() == []
    assert fingerprint(ray.get(sender.make.remote(big, 128))) == fingerprint(big(128))


@clause("GC-FAIL-02", MUST, source="design: garbage_collect is idempotent and never raises")
def test_a_key_that_is_gone_already(sender: Any, keys: KeyWatch, key_space: KeySpace) -> None:
    """Dropping an object whose key somebody deleted frees its tensor, and the actor goes on."""
    keys.start(sender)
    reference = sender.make.remote(make_watched, "deleted", 40)
    ray.wait([reference])
    key_space.delete(keys.exist_of(sender))

    del reference

    wait_until(lambda: not ray.get(sender.apply.remote(is_alive, "deleted")), "the tensor is freed")
    assert fingerprint(ray.get(sender.make.remote(ramp, 4))) == fingerprint(ramp(4))


@clause("GC-FAIL-03", MUST, source="design: a failed fetch is an error in the task that wanted it")
@BY_VALUE
def test_a_lost_object_is_an_error_of_its_consumer(
    sender: Any, receiver: Any, keys: KeyWatch, key_space: KeySpace
) -> None:
    """An object whose key is gone fails its consumer with an error that names the key."""
    keys.start(sender)
    reference = sender.make.remote(ramp, 42)
    ray.wait([reference])
    (key,) = keys.exist_of(sender)
    key_space.delete([key])

    with pytest.raises(RuntimeError, match=key):
        ray.get(receiver.apply.remote(fingerprint, reference))
    with pytest.raises(RuntimeError, match=key):
        ray.get(reference)

    assert observed(receiver, sender.make.remote(ramp, 4)) == fingerprint(ramp(4))


@clause(
    "GC-FAIL-04",
    MUST,
    source="design: can_abort_transport; Ray RDT: fetch time-out",
    needs=["datasystem"],
)
def test_a_fetch_that_takes_too_long_kills_nobody(
    sender: Any, fresh_peer: Any, session: RaySession
) -> None:
    """A fetch from a worker that does not answer ends in an error and leaves both actors alive."""
    # Its own: until the SDK gives the copy up, its NPU objects come through host memory.
    receiver = fresh_peer()
    observed(receiver, sender.make.remote(ramp, 43))
    before = _pids(sender, receiver)
    reference = sender.make.remote(ramp, 44)
    ray.wait([reference])

    with suspended(*session.datasystem_pids(), at_most=6 * FETCH_TIMEOUT_SECONDS) as woken:
        with pytest.raises(Exception, match=r"(?i)time|answer|unavailable"):
            ray.get(receiver.apply.remote(fingerprint, reference))
        assert not woken.is_set(), "no error came while the worker was stopped"

    stays(lambda: _pids(sender, receiver) == before, "both actors live", MONITOR_SECONDS)
    assert observed(receiver, sender.make.remote(ramp, 4)) == fingerprint(ramp(4))


@clause("GC-FAIL-05", SHOULD, source="design: the datasystem's logs and texts name the task")
@BY_VALUE
def test_the_error_of_a_lost_object_names_its_task(
    sender: Any, receiver: Any, keys: KeyWatch, key_space: KeySpace
) -> None:
    """The trace id in the error of a lost object begins with the digits of the task's own id."""
    keys.start(sender)
    reference = sender.make.remote(ramp, 42)
    ray.wait([reference])
    key_space.delete(keys.exist_of(sender))

    with pytest.raises(RuntimeError, match=f"traceId: {reference.task_id().hex()[:16]}-"):
        observed(receiver, reference)


@clause("GC-DEAD-01", MUST, source="measured on Ray 2.55.1 and 2.60.0: the sender may be killed")
def test_a_dead_receiver_does_not_kill_the_sender(sender: Any, fresh_peer: Any) -> None:
    """When a receiver dies while a transfer to it is pending, the sender goes on living."""
    receiver = fresh_peer()
    # Ray lets the first transfer to an actor wait until the actor has registered.
    observed(receiver, sender.make.remote(ramp, 45))
    before, victim = _pids(sender, receiver)

    with suspended(victim) as woken:
        pending = receiver.apply.remote(fingerprint, sender.make.remote(ramp, 46))
        ray.get(sender.pid.remote())
        assert not woken.is_set()
        os.kill(victim, signal.SIGKILL)
    with pytest.raises(ray.exceptions.RayError):
        ray.get(pending)

    stays(lambda: ray.get(sender.pid.remote()) == before, "the sender lives", MONITOR_SECONDS)
    assert fingerprint(ray.get(sender.make.remote(ramp, 4))) == fingerprint(ramp(4))


@clause("GC-DEAD-02", MUST, source="design: the data outlive the process that made them")
@BY_VALUE
def test_objects_of_a_dead_sender_can_be_fetched(receiver: Any, fresh_peer: Any) -> None:
    """An object whose maker died can be fetched for a while, by an actor and by the driver."""
    sender = fresh_peer()
    reference = sender.make.remote(ramp, 48)
    ray.wait([reference])

    _kill(sender)

    assert observed(receiver, reference) == fingerprint(ramp(48))
    assert fingerprint(ray.get(reference)) == fingerprint(ramp(48))


@clause("GC-DEAD-03", MUST, source="design: keys of dead actors are reclaimed")
def test_keys_of_a_dead_actor_are_reclaimed(fresh_peer: Any, keys: KeyWatch) -> None:
    """The keys of an actor that was killed go after the grace period, dropped or not."""
    sender = fresh_peer()
    keys.start(sender)
    kept, dropped = sender.make.remote(ramp, 50), sender.make.remote(ramp, 51)
    ray.wait([kept, dropped], num_returns=2)
    keys.exist_of(sender)

    _kill(sender)
    del dropped

    keys.vanish()
    del kept


@clause("GC-DEAD-04", MUST, source="design: an exited process is a dead one")
def test_keys_of_an_actor_that_left_are_reclaimed(fresh_peer: Any, keys: KeyWatch) -> None:
    """The keys of an actor whose last handle was dropped go after the grace period."""
    sender = fresh_peer(killed_at_the_end=False)
    keys.start(sender)
    reference = sender.make.remote(ramp, 52)
    ray.wait([reference])
    keys.exist_of(sender)

    del reference, sender

    keys.vanish()


@clause("GC-MEM-01", MUST, source="measured on openyuanrong-datasystem 0.8.1: freed by delete")
def test_memory_of_dropped_objects_is_used_again(sender: Any, receiver: Any) -> None:
    """Dropped objects return their memory: more than the worker has passes through it."""
    rounds = SHARED_MEMORY_MB // CHUNK_MB + 4

    seen = [
        ray.get(receiver.apply.remote(_ends, sender.make.remote(filled, CHUNK_MB, number)))
        for number in range(rounds)
    ]

    assert seen == [[number, number] for number in range(rounds)]


@clause("GC-MEM-02", MUST, source="design: received tensors own their memory")
def test_received_tensors_hold_no_memory_of_the_worker(sender: Any) -> None:
    """Received tensors that are kept do not keep the worker's memory of their objects."""
    if os.environ.get("RAY_ASCEND_RECEIVE") == "map":
        pytest.skip("what is received by mapping keeps it: that is the choice")
    rounds = SHARED_MEMORY_MB // CHUNK_MB + 2

    received = [ray.get(sender.make.remote(filled, CHUNK_MB, number)) for number in range(rounds)]

    assert [_ends(tensor) for tensor in received] == [[number] * 2 for number in range(rounds)]


@clause("GC-MEM-03", SHOULD, source="design: a view sends what it shows")
def test_a_view_does_not_keep_more_than_it_shows(sender: Any) -> None:
    """A small view of a large tensor occupies the worker's memory by what it shows."""
    references = [sender.make.remote(_corner, 2 * CHUNK_MB) for _ in range(8)]

    received = ray.get(references)

    assert [tensor.tolist() for tensor in received] == [[5, 5, 5]] * 8


def _pids(*actors: Any) -> list[int]:
    pids: list[int] = ray.get([actor.pid.remote() for actor in actors])
    return pids


def _kill(actor: Any) -> None:
    pid = ray.get(actor.pid.remote())
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(ray.exceptions.RayActorError):
        ray.get(actor.pid.remote())


def _corner(mebibytes: int) -> torch.Tensor:
    return filled(mebibytes, 5)[:3]


def _ends(tensor: torch.Tensor) -> list[int]:
    return [int(tensor[0]), int(tensor[-1])]
