"""What `@ray.method(tensor_transport="YR")` marks: methods whose results travel by the transport.

Methods that only receive need no mark. The name is matched in any case.
"""

from typing import Any

import ray

from ray_ascend import cleanup_yr_resources, register_yr_tensor_transport

ray.init()
register_yr_tensor_transport(["npu", "cpu"])


@ray.remote(num_cpus=0, resources={"NPU": 1})
class Stage:
    """One stage of a pipeline, on its own NPU."""

    def __init__(self, factor: float) -> None:
        register_yr_tensor_transport(["npu", "cpu"])
        self.factor = factor

    @ray.method(tensor_transport="YR")
    def make(self, size: int) -> dict[str, Any]:
        """Return tensors among ordinary values; the tensors alone take the transport."""
        import torch
        import torch_npu  # noqa: F401 - brings the device "npu" to torch

        hidden = torch.ones(size, device="npu")
        return {"step": 1, "hidden": hidden, "mask": hidden > 0}

    @ray.method(tensor_transport="yr")
    def scale(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Receive a batch and send a new one on."""
        return {**batch, "step": batch["step"] + 1, "hidden": batch["hidden"] * self.factor}

    def describe(self, batch: dict[str, Any]) -> str:
        """Return an ordinary value, by Ray's object store."""
        hidden, mask = batch["hidden"], batch["mask"]
        return f"step {batch['step']}, sum {float(hidden.sum()):g}, mask of {int(mask.sum())}"


first, second, third = (Stage.remote(factor) for factor in (1.0, 2.0, 3.0))

made = first.make.remote(1000)
scaled = third.scale.remote(second.scale.remote(made))
print("what went in: ", ray.get(second.describe.remote(made)))
print("what came out:", ray.get(first.describe.remote(scaled)))

del made, scaled
cleanup_yr_resources()
ray.shutdown()
