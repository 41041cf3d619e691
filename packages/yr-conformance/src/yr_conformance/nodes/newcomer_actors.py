"""Actors as people write them: a class in a module, decorated before anything is started."""

from __future__ import annotations

import ray
import torch

import ray_ascend  # noqa: F401 - enough for the decorator below


@ray.remote(num_cpus=0)
class Trainer:
    """It makes tensors and sums those of others up."""

    @ray.method(tensor_transport="YR")
    def weights(self) -> torch.Tensor:
        """0 to 5."""
        return torch.arange(6.0)

    def total(self, tensor: torch.Tensor) -> float:
        """Sum it up."""
        return float(tensor.sum())
