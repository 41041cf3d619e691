"""Tensors go from actor to actor: a chain, a fan-out, tensors among ordinary values.

The driver passes references around and never holds a tensor, except where it asks for one.
"""

from typing import Any

import ray
import torch

from ray_ascend import cleanup_yr_resources, register_yr_tensor_transport

ray.init()
register_yr_tensor_transport(["cpu"])


@ray.remote
class Worker:
    """Sends and receives tensors; both sides register the transport."""

    def __init__(self) -> None:
        register_yr_tensor_transport(["cpu"])

    @ray.method(tensor_transport="YR")
    def make(self, size: int) -> dict[str, Any]:
        """Return named tensors of several dtypes among ordinary values."""
        weights = torch.arange(size, dtype=torch.float32)
        half = weights.to(torch.bfloat16)
        return {"step": 7, "weights": weights, "half": half, "mask": weights > 2}

    @ray.method(tensor_transport="YR")
    def double(self, batch: dict[str, Any]) -> torch.Tensor:
        """Receive tensors and send a new one on."""
        doubled: torch.Tensor = batch["weights"] * 2
        return doubled

    def total(self, tensor: torch.Tensor) -> float:
        """Receive a tensor and return a plain number."""
        return float(tensor.sum())

    def describe(self, batch: dict[str, Any]) -> list[str]:
        """Say what arrived."""
        tensors = {name: value for name, value in batch.items() if isinstance(value, torch.Tensor)}
        return [f"{name}: {value.dtype}, sum {value.sum():g}" for name, value in tensors.items()]


first, second, third = (Worker.remote() for _ in range(3))

batch = first.make.remote(1000)
doubled = second.double.remote(batch)

print("sum at the end of the chain:", ray.get(third.total.remote(doubled)))
for name, receiver in (("second", second), ("third", third)):
    print(f"{name} received", ray.get(receiver.describe.remote(batch)))

cleanup_yr_resources()
ray.shutdown()
