"""Collective groups of actors with NPUs: `ray.util.collective` on HCCL.

yr-fake-cann run --npus 4 -- pytest packages/ray-ascend-yr/tests/npu
"""

from __future__ import annotations

from typing import Any

import pytest
import ray
import torch
from ray.experimental.collective import destroy_collective_group
from ray.util import collective
from ray.util.collective.types import ReduceOp

from ray_ascend import create_collective_group, register_hccl_collective_backend
from ray_ascend.collective import HCCLGroup
from ray_ascend.errors import CollectiveError, UnsupportedTensorError

RANKS = 3
pytestmark = [
    pytest.mark.long,
    pytest.mark.filterwarnings("ignore::UserWarning:torch_npu"),
]


def everywhere(peers: list[Any], operation: Any, *arguments: Any) -> list[Any]:
    """Run an operation in all actors at the same time, each with its rank."""
    calls = [actor.apply.remote(operation, rank, *arguments) for rank, actor in enumerate(peers)]
    found: list[Any] = ray.get(calls)
    return found


@pytest.mark.parametrize("reduction", list(ReduceOp))
def test_everybody_gets_the_reduction(peers: list[Any], group: str, reduction: ReduceOp) -> None:
    """Allreduce gives each rank the sum, product, minimum or maximum."""

    def reduce_all(rank: int, group: str) -> list[float]:
        tensor = torch.tensor([rank + 1.0, 2.0 * rank + 1], device="npu")
        collective.allreduce(tensor, group, reduction)
        return tensor.tolist()

    expected = {"SUM": [6, 9], "PRODUCT": [6, 15], "MIN": [1, 1], "MAX": [3, 5]}
    assert everywhere(peers, reduce_all, group) == [expected[reduction.name]] * RANKS


def test_only_the_root_gets_a_reduction_to_one(peers: list[Any], group: str) -> None:
    """Reduce leaves the tensors of the other ranks as they were."""

    def reduce_to(rank: int, group: str) -> float:
        tensor = torch.full((2,), rank + 1.0, device="npu")
        collective.reduce(tensor, 1, group)
        return float(tensor[0])

    assert everywhere(peers, reduce_to, group) == [1, 6, 3]


def test_the_roots_tensor_reaches_everybody(peers: list[Any], group: str) -> None:
    """Broadcast fills a view that is not contiguous, and nothing beside it."""

    def broadcast(rank: int, group: str) -> list[list[float]]:
        table = torch.full((2, 2), float(rank), device="npu")
        collective.broadcast(table[:, 0], 2, group)
        return table.tolist()

    assert everywhere(peers, broadcast, group) == [[[2, r], [2, r]] for r in range(RANKS)]


def test_everybody_gathers_all(peers: list[Any], group: str) -> None:
    """Allgather fills each rank's list in the order of the ranks."""

    def gather(rank: int, group: str) -> list[list[int]]:
        places = [torch.zeros(2, dtype=torch.int64, device="npu") for _ in range(RANKS)]
        collective.allgather(places, torch.tensor([rank, -rank], device="npu"), group)
        return [place.tolist() for place in places]

    assert everywhere(peers, gather, group) == [[[0, 0], [1, -1], [2, -2]]] * RANKS


def test_everybody_gets_a_part_of_the_reduction(peers: list[Any], group: str) -> None:
    """Reducescatter gives rank r the sum of everybody's r-th tensor."""

    def scatter(rank: int, group: str) -> float:
        parts = [torch.full((2,), 10.0 * rank + part, device="npu") for part in range(RANKS)]
        output = torch.zeros(2, device="npu")
        collective.reducescatter(output, parts, group)
        return float(output[1])

    assert everywhere(peers, scatter, group) == [30, 33, 36]


def test_a_tensor_goes_from_rank_to_rank(peers: list[Any], group: str) -> None:
    """What one rank sends, another one receives; the third has no part in it."""

    def pass_on(rank: int, group: str) -> list[float] | None:
        tensor = torch.arange(3.0, device="npu") * (1 - rank)
        if rank == 0:
            collective.send(tensor, 1, group)
        if rank == 1:
            collective.recv(tensor, 0, group)
        collective.barrier(group)
        return tensor.tolist()

    assert everywhere(peers, pass_on, group)[:2] == [[0, 1, 2], [0, 1, 2]]


def test_a_tensor_on_the_cpu_is_refused(peers: list[Any], group: str) -> None:
    """HCCL cannot move it: the message says where it is and what to do."""

    def on_the_cpu(rank: int, group: str) -> None:
        collective.allreduce(torch.ones(2), group)

    with pytest.raises(UnsupportedTensorError, match=r"on cpu: move it with \.npu\(\)"):
        everywhere(peers[:1], on_the_cpu, group)


def test_a_group_can_be_made_again(peers: list[Any]) -> None:
    """A destroyed group leaves its name and its actors free."""

    def total(rank: int) -> float:
        tensor = torch.ones(1, device="npu")
        collective.allreduce(tensor, "again")
        return float(tensor)

    for _ in range(2):
        handle = create_collective_group(peers[:2], "hccl", "again")
        assert everywhere(peers[:2], total) == [2, 2]
        destroy_collective_group(handle)


def test_groups_declared_rays_own_way_work(peers: list[Any]) -> None:
    """`ray.util.collective.create_collective_group` with ranks; the actors join at first use."""

    def total(rank: int) -> float:
        register_hccl_collective_backend()
        tensor = torch.ones(1, device="npu")
        collective.allreduce(tensor, "declared")
        collective.destroy_collective_group("declared")
        return float(tensor)

    register_hccl_collective_backend()
    collective.create_collective_group(peers[:2], 2, [0, 1], "HCCL", "declared")

    assert everywhere(peers[:2], total) == [2, 2]


def test_a_rank_that_does_not_come_is_an_error(
    peers: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message says how many ranks came; nothing of the group stays behind."""

    def alone(rank: int) -> None:
        import os

        os.environ["RAY_ASCEND_HCCL_RENDEZVOUS_S"] = "1"
        try:
            HCCLGroup(2, 0, "lonely")
        finally:
            del os.environ["RAY_ASCEND_HCCL_RENDEZVOUS_S"]

    with pytest.raises(CollectiveError, match="only 1 of 2 ranks came"):
        everywhere(peers[:1], alone)
    assert not ray.experimental.internal_kv._internal_kv_list(b"ray_ascend:hccl:")


def test_results_of_collectives_travel_through_the_transport(peers: list[Any], group: str) -> None:
    """The transport waits for the collective before it offers the tensor."""

    def reduced(rank: int, group: str) -> torch.Tensor:
        tensor = torch.arange(1000.0, device="npu")
        collective.allreduce(tensor, group)
        return tensor

    def summed(tensor: torch.Tensor) -> float:
        return float(tensor.sum())

    references = [actor.make.remote(reduced, rank, group) for rank, actor in enumerate(peers)]
    sums = [peers[(i + 1) % RANKS].apply.remote(summed, r) for i, r in enumerate(references)]

    assert ray.get(sums) == [3 * 499500.0] * RANKS
