"""Which groups an actor can be in, and what they can do with which tensors.

yr-fake-cann run --npus 4 -- pytest packages/ray-ascend-yr/tests/npu
"""

from __future__ import annotations

from typing import Any

import pytest
import ray
import torch
from npu_actors import attempt, count_ranks
from ray.experimental.collective import destroy_collective_group
from ray.util import collective
from ray.util.collective.collective_group.base_collective_group import BaseGroup

from ray_ascend import create_collective_group, register_hccl_collective_backend
from ray_ascend.collective import HCCLGroup

pytestmark = [
    pytest.mark.long,
    pytest.mark.filterwarnings("ignore::UserWarning:torch_npu"),
]


def test_every_operation_of_ray_is_there() -> None:
    """Whatever Ray's `BaseGroup` declares, this version's or a later one's, has a body here."""
    declared = {name for name in vars(BaseGroup) if not name.startswith("_")}
    inherited = {"rank", "world_size", "group_name"}

    assert not HCCLGroup.__abstractmethods__
    assert declared - inherited <= set(vars(HCCLGroup))


def test_an_average_of_integers_is_refused_and_one_of_floats_is_made(peers: list[Any]) -> None:
    """Torch's own operator is taken, which Ray's list of them lacks."""

    def average(rank: int, dtype: Any) -> list[float]:
        tensor = torch.full((2,), 2 * rank, dtype=dtype, device="npu")
        collective.allreduce(tensor, "average", torch.distributed.ReduceOp.AVG)
        return tensor.float().tolist()

    handle = create_collective_group(peers, name="average")
    floats = _everywhere(peers, average, torch.float32)
    integers = _everywhere(peers, average, torch.int32)
    destroy_collective_group(handle)

    assert [one.result for one in floats] == [[2, 2]] * 3
    assert all(
        "allreduce with AVG over HCCL does not take int32" in one.message for one in integers
    )


def test_two_groups_over_the_same_ranks_in_another_order(peers: list[Any]) -> None:
    """An actor has a rank in each, and what one group does the other does not see."""

    def join_both(rank: int) -> list[int]:
        register_hccl_collective_backend()
        ranks = []
        for group in ("forth", "back"):
            tensor = torch.tensor([10.0 * rank], device="npu")
            collective.broadcast(tensor, 0, group)
            ranks += [collective.get_rank(group), int(tensor)]
        return [*ranks, *(int(count_ranks(rank, group)) for group in ("forth", "back"))]

    def leave_both(_: int) -> None:
        for group in ("forth", "back"):
            collective.destroy_collective_group(group)

    register_hccl_collective_backend()
    collective.create_collective_group(peers[:2], 2, [0, 1], "HCCL", "forth")
    collective.create_collective_group(peers[:2], 2, [1, 0], "HCCL", "back")
    outcomes = _everywhere(peers[:2], join_both)
    _everywhere(peers[:2], leave_both)

    assert [one.result for one in outcomes] == [[0, 0, 1, 10, 2, 2], [1, 0, 0, 10, 2, 2]]


def _everywhere(peers: list[Any], operation: Any, *arguments: Any) -> list[Any]:
    calls = [a.apply.remote(attempt, operation, r, *arguments) for r, a in enumerate(peers)]
    found: list[Any] = ray.get(calls)
    return found
