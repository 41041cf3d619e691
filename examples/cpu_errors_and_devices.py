"""What a task sees when something is wrong: its own exception, or a clear refusal."""

import ray
import torch

from ray_ascend import cleanup_yr_resources, register_yr_tensor_transport

ray.init()
register_yr_tensor_transport(["cpu"])


@ray.remote
class Sender:
    """An actor that makes mistakes and goes on living."""

    def __init__(self) -> None:
        register_yr_tensor_transport(["cpu"])

    @ray.method(tensor_transport="YR")
    def fail(self) -> torch.Tensor:
        """Raise like any application code."""
        raise KeyError("no such layer")

    @ray.method(tensor_transport="YR")
    def two_devices(self) -> list[torch.Tensor]:
        """Break the rule that all tensors of one object are on one kind of device."""
        return [torch.ones(2), torch.ones(2, device="meta")]

    @ray.method(tensor_transport="YR")
    def nothing(self) -> dict[str, int]:
        """Return no tensor at all, which is fine."""
        return {"answer": 42}

    @ray.method(tensor_transport="YR")
    def good(self) -> torch.Tensor:
        """Show that the actor is still there."""
        return torch.full((2, 2), 5.0)


sender = Sender.remote()

for method in (sender.fail, sender.two_devices):
    try:
        ray.get(method.remote())
    except ray.exceptions.RayTaskError as error:
        print("the task raised:", type(error.cause).__name__)
print("without tensors:", ray.get(sender.nothing.remote()))
print("the actor lives:", ray.get(sender.good.remote()).tolist())

cleanup_yr_resources()
ray.shutdown()
