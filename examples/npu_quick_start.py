"""A tensor on an NPU goes from an actor to another one, and to the driver."""

from typing import Any

import ray

from ray_ascend import cleanup_yr_resources, register_yr_tensor_transport

ray.init()
register_yr_tensor_transport(["npu", "cpu"])


@ray.remote(resources={"NPU": 1})
class NPUActor:
    """An actor with an NPU of its own."""

    def __init__(self) -> None:
        register_yr_tensor_transport(["npu", "cpu"])

    @ray.method(tensor_transport="YR")
    def get_tensor(self) -> Any:
        """Return a tensor that anybody can recompute."""
        import torch
        import torch_npu  # noqa: F401 - brings the device "npu" to torch

        return torch.arange(1024 * 1024.0, device="npu").view(1024, 1024)

    def total(self, tensor: Any) -> tuple[str, float]:
        """Receive a tensor on this actor's NPU; say where it is and what it holds."""
        return tensor.device.type, float(tensor.double().sum())


sender, receiver = NPUActor.remote(), NPUActor.remote()

reference = sender.get_tensor.remote()
print("the receiver has it on:", *ray.get(receiver.total.remote(reference)))

tensor = ray.get(reference)
print("the driver has it on:", tensor.device.type, float(tensor.double().sum()))
print("shape:", tuple(tensor.shape))

del tensor, reference
cleanup_yr_resources()
ray.shutdown()
