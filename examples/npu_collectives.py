"""HCCL collectives and the YR transport in the same actors."""

from typing import Any

import ray
from ray.util import collective

from ray_ascend import (
    cleanup_yr_resources,
    create_collective_group,
    register_yr_tensor_transport,
)

ray.init()
register_yr_tensor_transport(["npu", "cpu"])


@ray.remote(num_cpus=0, resources={"NPU": 1})
class Rank:
    """A rank of a collective group."""

    def __init__(self) -> None:
        register_yr_tensor_transport(["npu", "cpu"])

    @ray.method(tensor_transport="YR")
    def reduced(self, group: str, value: float) -> Any:
        """Add up the tensors of all ranks, and send the sum through the transport."""
        import torch
        import torch_npu  # noqa: F401 - brings the device "npu" to torch

        tensor = torch.full((1024,), value, device="npu")
        collective.allreduce(tensor, group)
        return tensor

    def total(self, tensor: Any) -> float:
        """Receive what another rank sent."""
        return float(tensor.sum())


ranks = [Rank.remote() for _ in range(3)]
group = create_collective_group(ranks, backend="HCCL")

sums = [rank.reduced.remote(group.name, 10.0**index) for index, rank in enumerate(ranks)]
neighbours = [ranks[1], ranks[2], ranks[0]]
totals = [rank.total.remote(sent) for rank, sent in zip(neighbours, sums, strict=True)]
print("a neighbour's sum:", ray.get(totals))

del sums
cleanup_yr_resources()
ray.shutdown()
