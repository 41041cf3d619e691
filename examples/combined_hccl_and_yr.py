"""One group of actors, three ways for their tensors: a collective, HCCL between two ranks, and YR.

every rank ── allreduce ──► every rank              collective.allreduce(tensor, group)
rank 0 ── HCCL ──► rank 1                           @ray.method(tensor_transport="HCCL")
rank 1 ── YR ──► an actor of no group, the driver   @ray.method(tensor_transport="YR")
"""

from typing import Any

import ray
from ray.util import collective

from ray_ascend import (
    cleanup_yr_resources,
    create_collective_group,
    register_hccl_tensor_transport,
    register_yr_tensor_transport,
)

ray.init()
register_hccl_tensor_transport()
register_yr_tensor_transport(["npu", "cpu"])


@ray.remote(num_cpus=0, resources={"NPU": 1})
class Worker:
    """Holds a gradient, and sends it by whatever way it is asked for."""

    def __init__(self, seed: int) -> None:
        import torch
        import torch_npu  # noqa: F401 - brings the device "npu" to torch

        self.gradient = torch.full((1024,), float(seed), device="npu")

    def add_up(self, group: str) -> float:
        """Let every rank of the group have the sum of all gradients."""
        collective.allreduce(self.gradient, group)
        return float(self.gradient[0])

    @ray.method(tensor_transport="HCCL")
    def to_a_rank(self, factor: float) -> Any:
        """Give a multiple of the gradient to another rank of the group."""
        return self.gradient * factor

    @ray.method(tensor_transport="YR")
    def to_anybody(self, tensor: Any) -> Any:
        """Pass on what came, in whatever way."""
        return tensor + 1

    def total(self, tensor: Any) -> float:
        """Add up what came."""
        return float(tensor.sum())


first, second, outsider = Worker.remote(1), Worker.remote(2), Worker.remote(0)
group = create_collective_group([first, second], backend="HCCL")

print(
    "both ranks have the sum:", ray.get([one.add_up.remote(group.name) for one in (first, second)])
)

by_hccl = first.to_a_rank.remote(10.0)
print("from rank 0 to rank 1 over HCCL:", ray.get(second.total.remote(by_hccl)))

by_yr = second.to_anybody.remote(by_hccl)
print("from rank 1 to an actor of no group over YR:", ray.get(outsider.total.remote(by_yr)))
print("and to the driver:", float(ray.get(by_yr).sum()))

try:
    ray.get(by_hccl)
except ValueError as error:
    print("what the driver cannot get:", str(error).partition(",")[0])

del by_hccl, by_yr
cleanup_yr_resources()
ray.shutdown()
