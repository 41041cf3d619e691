"""HCCL-LOST: a source or a receiver that is not there any more, and what the other one sees."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

import pytest
import ray
from ray.experimental.collective import destroy_collective_group
from ray.util import collective

from yr_conformance.chapters.hccl.clauses import DESIGN, MUST, clause
from yr_conformance.fair_time import Stopwatch
from yr_conformance.groups.fixtures import NewGroup
from yr_conformance.groups.group import Group
from yr_conformance.groups.objects import hand
from yr_conformance.transfer.fingerprint import fingerprint
from yr_conformance.transfer.payloads import ramp
from yr_conformance.transfer.peer import observed
from yr_conformance.waiting import PATIENCE_S, wait_until

DEATH_S: Final = 12.0


@clause("HCCL-LOST-01", MUST, source=DESIGN)
def test_a_receiver_that_dies(
    hccl_group: Group, ranks: list[Any], new_group: NewGroup, fresh_peer: Callable[..., Any]
) -> None:
    """The source is neither blocked nor ended, and sends the same object to others in time."""
    casualty = fresh_peer()
    source, receiver, _ = ranks[:3]
    destroy_collective_group(hccl_group.name)
    new_group([source, receiver, casualty])
    reference = hand(source, ramp, 9)
    assert observed(casualty, reference) == fingerprint(ramp(9))

    casualty.apply.remote(os._exit, 1)
    with pytest.raises(ray.exceptions.ActorDiedError):
        ray.get(casualty.apply.remote(fingerprint, reference), timeout=PATIENCE_S)
    watch = Stopwatch()

    assert observed(receiver, reference) == fingerprint(ramp(9))
    assert watch.read().keeps(DEATH_S)


@clause("HCCL-LOST-02", MUST, source=DESIGN)
def test_a_source_that_dies(
    hccl_group: Group, ranks: list[Any], new_group: NewGroup, fresh_peer: Callable[..., Any]
) -> None:
    """The receiver's task fails in time, naming the rank; the receiver goes on."""
    casualty = fresh_peer()
    first, second, _ = ranks[:3]
    destroy_collective_group(hccl_group.name)
    new_group([first, second, casualty])
    reference = hand(casualty, ramp, 9)
    assert observed(first, reference) == fingerprint(ramp(9))

    ray.kill(casualty)
    wait_until(lambda: _is_dead(casualty), "the source has died")
    watch = Stopwatch()
    with pytest.raises(ray.exceptions.RayError, match=r"rank 2 has died|ActorDiedError"):
        ray.get(second.apply.remote(fingerprint, reference), timeout=PATIENCE_S)

    assert watch.read().keeps(DEATH_S)
    assert observed(second, hand(first, ramp, 5)) == fingerprint(ramp(5))


@clause("HCCL-LOST-03", MUST, source=DESIGN)
@pytest.mark.parametrize("leaver", [0, 1], ids=["first rank", "another rank"])
def test_a_source_that_has_left(hccl_group: Group, leaver: int) -> None:
    """A source that has left the group is the receiver's error in time, not after its patience."""
    source, receiver = hccl_group.actors[leaver], hccl_group.actors[2]
    reference = hand(source, ramp, 9)
    assert observed(receiver, reference) == fingerprint(ramp(9))

    ray.get(source.apply.remote(collective.destroy_collective_group, hccl_group.name))
    watch = Stopwatch()
    with pytest.raises(ray.exceptions.RayTaskError, match="failed"):
        ray.get(receiver.apply.remote(fingerprint, reference), timeout=PATIENCE_S)

    assert watch.read().keeps(DEATH_S)


def _is_dead(actor: Any) -> bool:
    """Tell whether Ray knows of the death; after `ray.kill` an actor may still do a task or two."""
    try:
        ray.get(actor.apply.remote(abs, 0), timeout=PATIENCE_S)
    except ray.exceptions.ActorDiedError:
        return True
    return False
