"""Actors with and without an NPU in one program: each tensor takes the path of its device."""

from typing import Any

import ray

from ray_ascend import cleanup_yr_resources, register_yr_tensor_transport

ray.init()
register_yr_tensor_transport(["npu", "cpu"])


@ray.remote(resources={"NPU": 1})
class NPUActor:
    """Makes tensors on its NPU, and works on those of others."""

    def __init__(self) -> None:
        register_yr_tensor_transport(["npu", "cpu"])

    @ray.method(tensor_transport="YR")
    def get_npu_tensor(self) -> Any:
        """Return a tensor on this actor's NPU."""
        import torch
        import torch_npu  # noqa: F401 - brings the device "npu" to torch

        return torch.full((512, 512), 0.5, device="npu")

    def process_npu_tensor(self, tensor: Any) -> float:
        """Receive a tensor of another NPU, or of the driver, and reduce it."""
        return float(tensor.sum())

    def move_to_npu(self, tensor: Any) -> float:
        """Receive a tensor in host memory, and use it on the NPU."""
        import torch_npu  # noqa: F401

        return float(tensor.npu().sum())


@ray.remote
class CPUActor:
    """Has no NPU, and carries CPU tensors only."""

    def __init__(self) -> None:
        register_yr_tensor_transport(["cpu"])

    @ray.method(tensor_transport="YR")
    def get_cpu_tensor(self) -> Any:
        """Return a tensor in host memory."""
        import torch

        return torch.full((512, 512), 2.0)


npu_sender, npu_receiver = NPUActor.remote(), NPUActor.remote()
cpu_worker = CPUActor.remote()

npu_reference = npu_sender.get_npu_tensor.remote()
print("NPU to NPU:", ray.get(npu_receiver.process_npu_tensor.remote(npu_reference)))

npu_tensor = ray.get(npu_reference)
print("NPU to driver:", npu_tensor.device.type, float(npu_tensor.sum()))
print("driver to NPU:", ray.get(npu_receiver.process_npu_tensor.remote(npu_tensor)))

cpu_reference = cpu_worker.get_cpu_tensor.remote()
print("CPU to NPU actor:", ray.get(npu_receiver.move_to_npu.remote(cpu_reference)))
print("CPU to driver:", float(ray.get(cpu_reference).sum()))

del npu_tensor, npu_reference, cpu_reference
cleanup_yr_resources()
ray.shutdown()
