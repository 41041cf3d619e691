"""What the ranks of a collective group see of each other's mistakes and deaths, and when.

yr-fake-cann run --npus 4 -- pytest packages/ray-ascend-yr/tests/npu
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import ray
import torch
from npu_actors import Outcome, attempt, count_ranks
from ray.experimental.collective import destroy_collective_group
from ray.util import collective

from ray_ascend import create_collective_group
from ray_ascend.errors import ConfigurationError

RANKS = 3
LIMIT_S = 2.0
SOON_S = 12.0
"""Ray learns of a death within seconds, on a busy machine too."""
pytestmark = [
    pytest.mark.long,
    pytest.mark.filterwarnings("ignore::UserWarning:torch_npu"),
]


def begin(peers: list[Any], operation: Any, *arguments: Any) -> list[Any]:
    """Let all actors attempt an operation at the same time, each with its rank."""
    return [
        actor.apply.remote(attempt, operation, rank, *arguments) for rank, actor in enumerate(peers)
    ]


def everywhere(peers: list[Any], operation: Any, *arguments: Any) -> list[Outcome]:
    """Give how it ended in each of them."""
    found: list[Outcome] = ray.get(begin(peers, operation, *arguments))
    return found


def works(peers: list[Any], group: str) -> bool:
    """Tell whether a group does what it is for."""
    return [one.result for one in everywhere(peers, count_ranks, group)] == [len(peers)] * len(
        peers
    )


@pytest.fixture
def group(peers: list[Any]) -> Iterator[str]:
    """Give the name of a group of all three, whose operations may take two seconds."""
    handle = create_collective_group(peers, operation_s=LIMIT_S)
    yield handle.name
    destroy_collective_group(handle)


def test_ranks_that_disagree_all_hear_of_it(peers: list[Any], group: str) -> None:
    """Each rank's plan is in everybody's message, at once; the group still works."""

    def differ(rank: int, group: str) -> None:
        tensor = torch.ones(2, device="npu")
        if rank == 1:
            collective.broadcast(tensor, 0, group)
        else:
            collective.allreduce(tensor, group)

    for outcome in everywhere(peers, differ, group):
        assert outcome.error == "CollectiveError"
        assert "rank 0 does allreduce of float32 [2], SUM" in outcome.message
        assert "rank 1 does broadcast of float32 [2] from rank 0" in outcome.message
        assert outcome.seconds < LIMIT_S
    assert works(peers, group)


@pytest.mark.parametrize("size", [1, 3])
def test_sizes_that_differ_are_everybodys_error(peers: list[Any], group: str, size: int) -> None:
    """One rank has another shape than the others."""

    def differ(rank: int, group: str) -> None:
        collective.allreduce(torch.ones(size if rank == 2 else 2, device="npu"), group)

    outcomes = everywhere(peers, differ, group)

    assert [one.error for one in outcomes] == ["CollectiveError"] * RANKS
    assert all(f"rank 2 does allreduce of float32 [{size}]" in one.message for one in outcomes)
    assert works(peers, group)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: torch.ones(2, dtype=torch.complex64), "gave one on cpu"),
        (lambda: torch.ones(2, dtype=torch.complex64).to("npu"), "does not take complex64"),
        (lambda: torch.ones(2, dtype=torch.float64).to("npu"), "does not take float64"),
    ],
    ids=["device", "unknown dtype", "dtype that is not reduced"],
)
def test_a_refusal_is_everybodys_error(peers: list[Any], group: str, make: Any, text: str) -> None:
    """One rank gives what HCCL cannot move: the others need not wait for it."""

    def refused(rank: int, group: str) -> None:
        collective.allreduce(make() if rank == 1 else torch.ones(2, device="npu"), group)

    outcomes = everywhere(peers, refused, group)

    kinds = ["CollectiveError", "UnsupportedTensorError", "CollectiveError"]
    assert [one.error for one in outcomes] == kinds
    assert all(text in one.message and one.seconds < LIMIT_S for one in outcomes)
    assert outcomes[0].ranks == (1,)
    assert works(peers, group)


def test_a_list_of_other_shapes_is_refused(peers: list[Any], group: str) -> None:
    """Allgather names the place in the list that does not fit."""

    def gather(rank: int, group: str) -> None:
        places = [torch.zeros(2 + (place == 1), device="npu") for place in range(RANKS)]
        collective.allgather(places, torch.ones(2, device="npu"), group)

    for outcome in everywhere(peers, gather, group):
        assert outcome.error == "UnsupportedTensorError"
        assert "has float32 [3] for rank 1" in outcome.message
    assert works(peers, group)


def test_a_rank_that_stays_away_is_named_when_the_limit_is_over(peers: list[Any]) -> None:
    """The others hear how many came; then the group is broken until it is made again."""
    handle = create_collective_group(peers, name="again", operation_s=LIMIT_S)

    outcomes = everywhere(peers[:2], count_ranks, "again")

    for outcome in outcomes:
        assert "only 2 of 3 ranks came, and not rank 2, within 2 s" in outcome.message
        assert outcome.ranks == (2,)
        assert LIMIT_S <= outcome.seconds < LIMIT_S + SOON_S
    assert "the group is broken" in everywhere(peers[:1], count_ranks, "again")[0].message
    destroy_collective_group(handle)
    handle = create_collective_group(peers, name="again")
    assert works(peers, "again")
    destroy_collective_group(handle)


def test_an_operation_that_hangs_ends_when_the_limit_is_over(peers: list[Any], group: str) -> None:
    """A rank that agreed and then does nothing: the others do not wait for 30 minutes."""

    def hang(rank: int, group: str) -> float:
        if rank < 2:
            return count_ranks(rank, group)
        operations = collective.get_group_handle(group)._operations
        operations.agree((0, 1, 2), "allreduce of float32 [1], SUM")
        return 0.0

    outcomes = everywhere(peers, hang, group)[:2]

    for outcome in outcomes:
        assert "HCCL did not end it within 2 s" in outcome.message
        assert LIMIT_S <= outcome.seconds < LIMIT_S + SOON_S


@pytest.mark.parametrize("begun", [False, True], ids=["before it", "inside it"])
def test_a_rank_that_dies_is_named_long_before_the_limit(
    peers: list[Any], casualty: Any, begun: bool
) -> None:
    """The others' actors live on, and can make the group again without it."""
    ranks = [peers[0], casualty, peers[1]]
    handle = create_collective_group(ranks, name="mortal", operation_s=600)
    assert works(ranks, "mortal")

    def die(rank: int, group: str) -> float:
        if rank != 1:
            return count_ranks(rank, group)
        if begun:
            operations = collective.get_group_handle(group)._operations
            operations.finish = lambda *_: os._exit(1)
            return count_ranks(rank, group)
        os._exit(1)

    calls = begin(ranks, die, "mortal")
    outcomes: list[Outcome] = ray.get([calls[0], calls[2]])

    for outcome in outcomes:
        assert outcome.error == "CollectiveError"
        assert "the actor of rank 1 has died" in outcome.message
        assert outcome.ranks == (1,)
        assert outcome.seconds < SOON_S
    destroy_collective_group(handle)
    handle = create_collective_group(peers, name="mortal")
    assert works(peers, "mortal")
    destroy_collective_group(handle)


@pytest.mark.parametrize("limit", [-1, float("nan"), float("inf")])
def test_a_limit_that_is_no_time_is_refused(limit: float) -> None:
    """The argument is named."""
    with pytest.raises(ConfigurationError, match="operation_s="):
        create_collective_group([], operation_s=limit)
