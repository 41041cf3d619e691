"""The actor that the tests send tensors from."""

from __future__ import annotations

from typing import Any

import ray
import torch

from ray_ascend import register_yr_tensor_transport


def new_sender() -> Any:
    """Create an actor whose `make` returns `arange(100)` through the datasystem."""

    @ray.remote(num_cpus=0)
    class Sender:
        def __init__(self) -> None:
            register_yr_tensor_transport(["cpu"])
            register_yr_tensor_transport(["cpu"])

        @ray.method(tensor_transport="YR")
        def make(self) -> torch.Tensor:
            return torch.arange(100.0)

    sender: Any = Sender.remote()  # type: ignore[attr-defined]  # added by the decorator
    return sender


def transfer() -> float:
    """Send one tensor from a new actor to this process; gives its sum, 4950."""
    sender = new_sender()
    total = float(ray.get(sender.make.remote()).sum())
    ray.kill(sender)
    return total
