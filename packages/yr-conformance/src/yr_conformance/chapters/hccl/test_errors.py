"""HCCL-ERROR: mistakes, absences and deaths in a group, and when each rank notices."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

import pytest
import ray
import torch
from ray.experimental.collective import destroy_collective_group
from ray.util import collective

from yr_conformance.chapters.hccl.clauses import DESIGN, MUST, clause
from yr_conformance.groups.collectives import MOVED_ONLY, given
from yr_conformance.groups.fixtures import NewGroup, Notice
from yr_conformance.groups.group import BACKEND, Group, Outcome, count_ranks
from yr_conformance.waiting import PATIENCE_S

AT_ONCE_S: Final = 2.0
LIMIT_S: Final = 2.0
AFTER_LIMIT_S: Final = 6.0
DEATH_S: Final = 12.0
UNKNOWN: Final = ("complex64", "uint16")
COLLECTIVE_ERROR: Final = "CollectiveError"
TENSOR_ERROR: Final = "UnsupportedTensorError"


@clause("HCCL-ERROR-01", MUST, source=DESIGN)
@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("operation", "rank 1 does broadcast"),
        ("shape", "rank 1 does allreduce of float32 [3]"),
        ("dtype", "rank 1 does allreduce of int32 [2]"),
        ("reduction", "rank 1 does allreduce of float32 [2], MAX"),
    ],
)
def test_ranks_that_disagree(group: Group, notice: Notice, what: str, said: str) -> None:
    """Ranks that do not mean the same all hear at once what each does; the group stays usable."""
    seen = group.attempts(_differ, what)

    notice(f"another {what}", dict(enumerate(seen)))
    for one in seen:
        assert one.error == COLLECTIVE_ERROR
        assert said in one.text
        assert one.took.keeps(AT_ONCE_S)
    group.check_works()


@clause("HCCL-ERROR-02", MUST, source=DESIGN)
@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("host", "gave one on cpu"),
        ("list", "gave one on list"),
        *((dtype, f"does not take {dtype}") for dtype in (*UNKNOWN, *MOVED_ONLY)),
    ],
)
def test_what_cannot_be_reduced(group: Group, notice: Notice, what: str, said: str) -> None:
    """A tensor that HCCL cannot reduce is refused by name; the others hear of it at once."""
    seen = group.attempts(_reduce_unfit, what)

    notice(f"allreduce of {what}", dict(enumerate(seen)))
    assert [one.error for one in seen] == [COLLECTIVE_ERROR, TENSOR_ERROR, COLLECTIVE_ERROR]
    assert all(said in one.text and one.took.keeps(AT_ONCE_S) for one in seen)
    assert [seen[rank].ranks for rank in (0, 2)] == [(1,), (1,)]
    group.check_works()


@clause("HCCL-ERROR-03", MUST, source=DESIGN)
@pytest.mark.parametrize("dtype", UNKNOWN)
def test_what_cannot_be_moved(group: Group, dtype: str) -> None:
    """A dtype that HCCL does not have is refused by name where nothing is reduced, too."""
    seen = group.attempts(_broadcast_of, dtype)

    assert all(one.error in {TENSOR_ERROR, COLLECTIVE_ERROR} for one in seen)
    assert all(f"does not take {dtype}" in one.text for one in seen)
    group.check_works()


@clause("HCCL-ERROR-04", MUST, source=DESIGN)
@pytest.mark.parametrize(
    ("count", "shape", "error", "said"),
    [
        (2, 2, "RuntimeError", "world_size"),
        (3, 5, TENSOR_ERROR, "has float32 [5] for rank 0"),
    ],
    ids=["too few", "other shapes"],
)
def test_lists_that_do_not_fit(group: Group, count: int, shape: int, error: str, said: str) -> None:
    """Allgather needs a list of one tensor for each rank, all alike, and says what it was given."""
    for one in group.attempts(_gather_into, count, shape):
        assert one.error == error
        assert said in one.text
    group.check_works()


@clause("HCCL-ERROR-05", MUST, source="ray.util.collective, Ray 2.56 to 2.60")
@pytest.mark.parametrize("call", [0, 1, 2], ids=["rank", "own rank", "name"])
def test_ranks_and_names_that_are_not_there(group: Group, call: int) -> None:
    """A rank outside the group, this rank itself and an unknown group are errors at once."""
    for one in group.attempts(_wrong_call, call):
        assert one.error in {"ValueError", "RuntimeError"}
        assert one.took.keeps(AT_ONCE_S)
    group.check_works()


@clause("HCCL-ERROR-06", MUST, source=DESIGN)
def test_a_rank_that_does_not_come(new_group: NewGroup, ranks: list[Any], notice: Notice) -> None:
    """After the group's limit the others hear how many came and who not; the group is broken."""
    group = new_group(ranks[:3], operation_s=LIMIT_S)
    two = Group(group.name, group.actors[:2])

    seen = two.attempts(count_ranks)

    notice("a rank does not come", dict(enumerate(seen)))
    for one in seen:
        assert one.error == COLLECTIVE_ERROR
        assert "only 2 of 3 ranks came, and not rank 2" in one.text
        assert one.ranks == (2,)
        assert one.took.real_s >= LIMIT_S
        assert one.took.keeps(LIMIT_S + AFTER_LIMIT_S)
    assert all("is broken" in one.text for one in two.attempts(count_ranks))


@clause("HCCL-ERROR-07", MUST, source=DESIGN)
def test_a_rank_that_does_not_join(ranks: list[Any], notice: Notice) -> None:
    """Who makes a group hears after `RAY_ASCEND_HCCL_RENDEZVOUS_S` how many ranks came."""
    two = Group("", ranks[:2])

    seen = two.attempts(_join_three, str(LIMIT_S))

    notice("a rank does not join", dict(enumerate(seen)))
    for one in seen:
        assert one.error == COLLECTIVE_ERROR
        assert "only 2 of 3 ranks came" in one.text
        assert one.took.keeps(LIMIT_S + AFTER_LIMIT_S)


@clause("HCCL-ERROR-08", MUST, source=DESIGN)
def test_a_rank_that_dies(
    new_group: NewGroup,
    ranks: list[Any],
    fresh_peer: Callable[..., Any],
    notice: Notice,
) -> None:
    """The others hear of it long before the limit, live on, and can make the group again."""
    actors = [ranks[0], fresh_peer(), ranks[1]]
    group = new_group(actors, operation_s=600)
    group.check_works()

    calls = group.begin(_die_in_between)
    seen: list[Outcome] = ray.get([calls[0], calls[2]], timeout=PATIENCE_S)

    notice("a rank dies", {0: seen[0], 2: seen[1]})
    for one in seen:
        assert one.error == COLLECTIVE_ERROR
        assert "the actor of rank 1 has died" in one.text
        assert one.ranks == (1,)
        assert one.took.keeps(DEATH_S)
    destroy_collective_group(group.name)
    new_group(ranks[:3], name=group.name).check_works()


def _differ(rank: int, group: str, what: str) -> None:
    from ray.util.collective.types import ReduceOp

    is_other = rank == 1
    if is_other and what == "operation":
        collective.broadcast(torch.ones(2), 0, group)
        return
    dtype = torch.int32 if is_other and what == "dtype" else torch.float32
    tensor = torch.ones(3 if is_other and what == "shape" else 2, dtype=dtype)
    reduction = ReduceOp.MAX if is_other and what == "reduction" else ReduceOp.SUM
    collective.allreduce(tensor, group, reduction)


def _reduce_unfit(rank: int, group: str, what: str) -> None:
    if rank != 1:
        collective.allreduce(torch.ones(2), group)
    elif what == "list":
        # Ray itself refuses what is no tensor.
        collective.get_group_handle(group).allreduce([[torch.ones(2)]])
    else:
        collective.allreduce(_unfit(what), group)


def _unfit(what: str) -> torch.Tensor:
    if what == "host":
        return torch.ones(2, device="cpu")
    if what in MOVED_ONLY:
        return given(0, (what, ""))
    host = torch.ones(2, device="cpu").to(getattr(torch, what))
    return host.to(torch.get_default_device())


def _broadcast_of(_rank: int, group: str, dtype: str) -> None:
    collective.broadcast(_unfit(dtype), 0, group)


def _gather_into(_rank: int, group: str, count: int, shape: int) -> None:
    collective.allgather([torch.zeros(shape) for _ in range(count)], torch.ones(2), group)


def _wrong_call(rank: int, group: str, call: int) -> None:
    calls: list[Callable[[], Any]] = [
        lambda: collective.broadcast(torch.ones(1), 9, group),
        lambda: collective.send(torch.ones(1), rank, group),
        lambda: collective.allreduce(torch.ones(1), "no group of this name"),
    ]
    calls[call]()


def _join_three(rank: int, _group: str, seconds: str) -> None:
    from ray_ascend import register_hccl_collective_backend

    register_hccl_collective_backend()
    name = "RAY_ASCEND_HCCL_RENDEZVOUS_S"
    os.environ[name] = seconds
    try:
        collective.init_collective_group(3, rank, BACKEND, "three")
    finally:
        del os.environ[name]


def _die_in_between(rank: int, group: str) -> int:
    if rank == 1:
        os._exit(1)
    return count_ranks(rank, group)
