"""HCCL-GROUP: who is in which group, as which rank, and what is left of one that was destroyed."""

from __future__ import annotations

from typing import Any

import pytest
import ray
import torch
from ray.experimental.collective import create_collective_group, destroy_collective_group
from ray.util import collective

from yr_conformance.chapters.hccl.clauses import MUST, RAY, clause
from yr_conformance.groups.fixtures import NewGroup
from yr_conformance.groups.group import BACKEND, Group, count_ranks
from yr_conformance.waiting import PATIENCE_S


@clause("HCCL-GROUP-01", MUST, source=RAY)
def test_ranks_in_the_order_of_the_actors(new_group: NewGroup, ranks: list[Any]) -> None:
    """The first actor is rank 0, whatever the order in which the actors were made."""
    group = new_group([ranks[2], ranks[0], ranks[1]])

    assert group.results(_rank_and_size) == [(0, 3), (1, 3), (2, 3)]
    assert group.results(_first_rank_s_number, [7, 8, 9]) == [7, 7, 7]


@clause("HCCL-GROUP-02", MUST, source="ray.experimental.collective, Ray 2.56 to 2.60")
def test_a_group_by_ray_s_own_call(ranks: list[Any]) -> None:
    """Ray's own call makes the same group where the backend is registered in driver and actors."""
    _register_everywhere(ranks[:2])

    handle = create_collective_group(ranks[:2], BACKEND)

    Group(handle.name, ranks[:2]).check_works()
    destroy_collective_group(handle)


@clause("HCCL-GROUP-03", MUST, source=RAY)
def test_two_groups_over_the_same_actors(ranks: list[Any]) -> None:
    """An actor has a rank in each of its groups; declared ones may order the same actors anew."""
    _register_everywhere(ranks[:2])
    collective.create_collective_group(ranks[:2], 2, [0, 1], BACKEND, "forth")
    collective.create_collective_group(ranks[:2], 2, [1, 0], BACKEND, "back")
    both = Group("", ranks[:2])

    seen = both.results(_in_both, ("forth", "back"))

    both.results(_leave, ("forth", "back"))
    assert seen == [[(0, 10), (1, 20)], [(1, 10), (0, 20)]]


@clause("HCCL-GROUP-04", MUST, source=RAY)
def test_made_again_under_the_same_name(new_group: NewGroup, ranks: list[Any]) -> None:
    """A destroyed group is unknown to its actors, and can be made again, of others too."""
    first = new_group(ranks[:2], name="again")
    first.check_works()
    destroy_collective_group("again")

    gone = first.attempts(count_ranks)
    second = new_group(ranks[1:], name="again")

    assert all(one.error for one in gone)
    second.check_works()


@clause("HCCL-GROUP-05", MUST, source=RAY)
def test_groups_side_by_side(new_group: NewGroup, ranks: list[Any]) -> None:
    """Two groups of other actors work at the same time, each for itself."""
    groups = [new_group(ranks[:2]), new_group(ranks[2:])]

    begun = [
        group.begin(_first_rank_s_number, numbers)
        for group, numbers in zip(groups, ([1, 2], [3, 4]), strict=True)
    ]

    ended = [[one.result for one in ray.get(each, timeout=PATIENCE_S)] for each in begun]
    assert ended == [[1, 1], [3, 3]]


@clause("HCCL-GROUP-06", MUST, source="design: registering is free where it was done before")
def test_registering_again(ranks: list[Any]) -> None:
    """The backend can be registered any number of times, in the driver as in actors."""
    for _ in range(2):
        _register_everywhere(ranks)

    assert collective.is_backend_available(BACKEND)


@clause("HCCL-GROUP-07", MUST, source=RAY)
def test_an_actor_is_not_twice_in_a_group(new_group: NewGroup, ranks: list[Any]) -> None:
    """The same actor as two ranks is a ValueError, and nothing of the group is left."""
    with pytest.raises(ValueError, match="unique"):
        new_group([ranks[0], ranks[0]])

    new_group(ranks[:2]).check_works()


def _register_everywhere(actors: list[Any]) -> None:
    from ray_ascend import register_hccl_collective_backend

    register_hccl_collective_backend()
    ray.get([actor.apply.remote(register_hccl_collective_backend) for actor in actors])


def _rank_and_size(_rank: int, group: str) -> tuple[int, int]:
    return collective.get_rank(group), collective.get_collective_group_size(group)


def _first_rank_s_number(rank: int, group: str, numbers: list[int]) -> int:
    tensor = torch.tensor([numbers[rank]])
    for _ in range(20):
        collective.broadcast(tensor, 0, group)
    return int(tensor)


def _in_both(_rank: int, _group: str, names: tuple[str, str]) -> list[tuple[int, int]]:
    return [_of_one(name, 10 * (1 + place)) for place, name in enumerate(names)]


def _of_one(group: str, number: int) -> tuple[int, int]:
    """Give the rank, and what its first rank sends."""
    # A declared group is joined by its first operation.
    collective.barrier(group)
    rank = collective.get_rank(group)
    tensor = torch.tensor([float(number if rank == 0 else 0)])
    collective.broadcast(tensor, 0, group)
    return rank, int(tensor)


def _leave(_rank: int, _group: str, names: tuple[str, ...]) -> None:
    for name in names:
        collective.destroy_collective_group(name)
