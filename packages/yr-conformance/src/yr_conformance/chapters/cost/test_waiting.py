"""COST-WAIT: whom a submission or a transfer has to ask, shown by stopping everybody else."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import ray

from yr_conformance.transfer.call_journal import GETS, start_journal, take_calls
from yr_conformance.transfer.clauses import BY_VALUE, MUST, clause
from yr_conformance.transfer.fingerprint import fingerprint
from yr_conformance.transfer.payloads import ramp
from yr_conformance.transfer.peer import observed
from yr_conformance.transfer.processes import suspended
from yr_conformance.waiting import wait_until

SUBMISSIONS = 50
FETCHES_BEFORE_IT_WAITS = (2, 56)


@clause("COST-WAIT-01", MUST, source="measured on ray-ascend 0.1.1: each .remote() asks the actor")
def test_a_submission_waits_for_nobody(sender: Any) -> None:
    """Once an actor was used, `.remote()` returns while its process is stopped."""
    ray.get(sender.make.remote(ramp, 1))

    with suspended(ray.get(sender.pid.remote())) as woken:
        references = [sender.make.remote(ramp, n + 1) for n in range(SUBMISSIONS)]
        waited = woken.is_set()

    assert not waited
    assert fingerprint(ray.get(references)) == [
        fingerprint(ramp(n + 1)) for n in range(SUBMISSIONS)
    ]


@clause("COST-WAIT-02", MUST, source="design: an answer from a cache in each process")
def test_a_transfer_asks_no_coordinator(sender: Any, receiver: Any) -> None:
    """Processes that have transferred once go on while the backend's actors are stopped."""
    observed(receiver, sender.make.remote(ramp, 2))

    with suspended(*_backend_actor_pids()) as woken:
        reference = sender.make.remote(ramp, 66)
        seen = [observed(receiver, reference), fingerprint(ray.get(reference))]
        waited = woken.is_set()

    assert not waited
    assert seen == [fingerprint(ramp(66))] * 2


@clause("COST-WAIT-03", MUST, source="design: one-sided; the owner only hands on metadata")
@BY_VALUE
def test_a_transfer_asks_no_source(sender: Any, receiver: Any) -> None:
    """A stored object is received, by an actor and the driver, while its source is stopped."""
    reference = sender.make.remote(ramp, 68)
    ray.wait([reference])

    with suspended(ray.get(sender.pid.remote())) as woken:
        seen = [observed(receiver, reference), fingerprint(ray.get(reference))]
        waited = woken.is_set()

    assert not waited
    assert seen == [fingerprint(ramp(68))] * 2


def _backend_actor_pids() -> list[int]:
    named = ray.util.list_named_actors(all_namespaces=True)
    handles = [ray.get_actor(entry["name"], namespace=entry["namespace"]) for entry in named]
    assert handles, "the backend has no named actor that could be stopped"
    pids = [handle.__ray_call__.remote(lambda _: os.getpid()) for handle in handles]
    return list(ray.get(pids))


@clause("COST-WAIT-05", MUST, source="design: what one ray.get asks for begins together")
def test_all_are_asked_for_before_one_has_come(
    ray_version: tuple[int, ...], sender: Any, receiver: Any
) -> None:
    """`ray.get` has asked for all objects, while that of a stopped source keeps it waiting.

    Ray waits for the last object first, or for the first: the stopped source has the one between.
    """
    if ray_version < FETCHES_BEFORE_IT_WAITS:
        pytest.skip("before Ray 2.56 ray.get receives one object after the other")
    references = [actor.make.remote(ramp, 69) for actor in (receiver, sender, receiver)]
    ray.get(references)
    stopped = ray.get(sender.pid.remote())
    start_journal()

    with suspended(stopped), ThreadPoolExecutor(1) as watcher:
        watched = watcher.submit(_continue_when_all_are_asked_for, stopped, len(references))
        received = ray.get(references)

    watched.result()
    assert fingerprint(received) == [fingerprint(ramp(69))] * len(references)


def _continue_when_all_are_asked_for(pid: int, count: int) -> None:
    asked: list[str] = []
    wait_until(lambda: _has_asked(asked, count), f"{count} objects are asked for")
    os.kill(pid, signal.SIGCONT)


def _has_asked(asked: list[str], count: int) -> bool:
    asked += [key for call in take_calls() if call.name in GETS for key in call.keys]
    return len(asked) == count
