"""A model goes layer by layer: one is received while the next is made, and few exist at a time.

Not by a generator that yields references of `ray.put`: Ray does not keep what a reference inside a
generator's item refers to, with or without a tensor transport (Ray 2.55.1 and 2.60.0).
"""

from collections import deque

import ray
import torch

import ray_ascend

LAYERS = 6
AT_A_TIME = 2


@ray.remote
class Model:
    """Makes layers, one a call."""

    @ray.method(tensor_transport="YR")
    def layer(self, number: int) -> torch.Tensor:
        """Return a layer that anybody can recompute."""
        return torch.full((1000, 10), float(number))


@ray.remote
class Receiver:
    """Takes layers in."""

    def total(self, layer: torch.Tensor) -> float:
        """Sum a layer up."""
        return float(layer.sum())


ray.init()
ray_ascend.register_yr_tensor_transport(["cpu"])
model, receiver = Model.remote(), Receiver.remote()

under_way = deque(model.layer.remote(number) for number in range(AT_A_TIME))
for number in range(LAYERS):
    layer = under_way.popleft()
    if number + AT_A_TIME < LAYERS:
        under_way.append(model.layer.remote(number + AT_A_TIME))
    total = ray.get(receiver.total.remote(layer))
    print(f"layer {number}: {total:.0f}, as sent: {total == 10_000.0 * number}")

ray_ascend.cleanup_yr_resources()
ray.shutdown()
