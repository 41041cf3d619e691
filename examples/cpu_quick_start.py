"""A tensor goes from an actor to the driver without Ray's object store."""

import ray
import torch

from ray_ascend import cleanup_yr_resources, register_yr_tensor_transport

ray.init()
register_yr_tensor_transport(["cpu"])  # before the first class that names the transport


@ray.remote
class Sender:
    """An actor whose results travel through the datasystem."""

    def __init__(self) -> None:
        register_yr_tensor_transport(["cpu"])

    @ray.method(tensor_transport="YR")
    def get_tensor(self) -> torch.Tensor:
        """Return a tensor that anybody can recompute."""
        return torch.arange(1024 * 1024, dtype=torch.float32).reshape(1024, 1024)


sender = Sender.remote()
tensor = ray.get(sender.get_tensor.remote())

expected = torch.arange(1024 * 1024, dtype=torch.float32).reshape(1024, 1024)
print("shape:", tuple(tensor.shape))
print("every value as sent:", torch.equal(tensor, expected))

cleanup_yr_resources()
ray.shutdown()
