"""HCCL-REDUCE and HCCL-MOVE: each collective, by two to four ranks, against the CPU."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import torch
from ray.util import collective

from yr_conformance.chapters.hccl.clauses import MUST, RAY, clause
from yr_conformance.groups import collectives
from yr_conformance.groups.collectives import COUNT, MOVED, Case, cases, numbers, reduced
from yr_conformance.groups.fixtures import NewGroup
from yr_conformance.groups.group import Group

SOURCE = f"{RAY}; dtypes measured on torch_npu 2.13.0"


@clause("HCCL-REDUCE-01", MUST, source=SOURCE)
def test_allreduce(new_group: NewGroup, ranks: list[Any], world: int) -> None:
    """Allreduce leaves in every rank what all tensors come to, for every dtype and reduction."""
    seen = new_group(ranks[:world]).results(collectives.allreduce, cases())

    for one in seen:
        _check(one, {case: reduced(world, case) for case in cases()})


@clause("HCCL-REDUCE-02", MUST, source=SOURCE)
def test_reduce(new_group: NewGroup, ranks: list[Any], world: int) -> None:
    """Reduce leaves it in the root, whichever rank that is; the others keep what they had."""
    group = new_group(ranks[:world])
    for root in (0, world - 1):
        seen = group.results(collectives.reduce, cases(), root)

        _check(seen.pop(root), {case: reduced(world, case) for case in cases()})
        others = [rank for rank in range(world) if rank != root]
        for rank, one in zip(others, seen, strict=True):
            _check(one, {case: _own(rank, case) for case in cases()})


@clause("HCCL-REDUCE-03", MUST, source=SOURCE)
def test_reducescatter(new_group: NewGroup, ranks: list[Any], world: int) -> None:
    """Reducescatter leaves in each rank what the parts at its place of all lists come to."""
    wanted = cases(scattered=True)

    seen = new_group(ranks[:world]).results(collectives.reducescatter, wanted)

    for rank, one in enumerate(seen):
        _check(one, {case: reduced(world, case, rank) for case in wanted})


@clause("HCCL-MOVE-01", MUST, source=SOURCE)
def test_broadcast(new_group: NewGroup, ranks: list[Any], world: int) -> None:
    """Broadcast leaves the root's tensor in every rank, from every root and of every dtype."""
    group = new_group(ranks[:world])
    for root in range(world):
        seen = group.results(collectives.broadcast, MOVED, root)

        assert seen == [[_values(root, dtype) for dtype in MOVED]] * world


@clause("HCCL-MOVE-02", MUST, source=SOURCE)
def test_allgather(new_group: NewGroup, ranks: list[Any], world: int) -> None:
    """Allgather leaves all tensors in every rank's list, in the order of the ranks."""
    seen = new_group(ranks[:world]).results(collectives.allgather, MOVED)

    wanted = [[_values(rank, dtype) for rank in range(world)] for dtype in MOVED]
    assert seen == [wanted] * world


@clause("HCCL-MOVE-03", MUST, source=SOURCE)
def test_send_and_receive(new_group: NewGroup, ranks: list[Any], world: int) -> None:
    """What a rank sends to another, that one receives, and no third, of every dtype."""
    seen = new_group(ranks[:world]).results(collectives.pass_round, MOVED)

    before = [(rank - 1) % world for rank in range(world)]
    assert seen == [[_values(rank, dtype) for dtype in MOVED] for rank in before]


@clause("HCCL-MOVE-04", MUST, source=RAY)
def test_barrier(new_group: NewGroup, ranks: list[Any], world: int) -> None:
    """No rank leaves a barrier before the last one has come to it."""
    times = new_group(ranks[:world]).results(_meet_late)

    assert max(came for came, _ in times) <= min(left for _, left in times)


@clause("HCCL-MOVE-05", MUST, source="design: what a rank gives may be of any layout")
def test_layouts(group: Group) -> None:
    """Tensors that are not contiguous, of no dimension or without elements work like others."""
    for reduced_column, rest, single in group.results(_reduce_layouts):
        assert reduced_column == [0.0, 9.0, 18.0]
        assert rest == [1.0, 2.0, 4.0, 5.0, 7.0, 8.0]
        assert single == 6.0


def _check(seen: Sequence[list[float]], wanted: dict[Case, list[float]]) -> None:
    wrong = {
        case: (one, wanted[case])
        for case, one in zip(wanted, seen, strict=True)
        if one != wanted[case]
    }
    assert not wrong


def _own(rank: int, case: Case) -> list[float]:
    return collectives.read(collectives.given(rank, case))


def _values(rank: int, dtype: str) -> list[float]:
    values = [float(number) for number in numbers(rank, dtype)]
    assert len(values) == COUNT
    return values


def _meet_late(rank: int, group: str) -> tuple[float, float]:
    # Later ranks come later.
    time.sleep(0.1 * rank)
    came = time.monotonic()
    collective.barrier(group)
    return came, time.monotonic()


def _reduce_layouts(rank: int, group: str) -> tuple[list[float], list[float], float]:
    matrix, single = torch.arange(9.0).reshape(3, 3), torch.tensor(rank + 1.0)
    collective.allreduce(matrix[:, 0], group)
    collective.allreduce(single, group)
    collective.allreduce(torch.zeros(0, 4), group)
    return matrix[:, 0].tolist(), matrix[:, 1:].reshape(-1).tolist(), float(single)
