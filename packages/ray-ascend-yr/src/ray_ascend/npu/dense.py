"""Tensors as the datasystem and HCCL take them: contiguous memory on one NPU."""

from __future__ import annotations

import torch

from ray_ascend.objects.specs import TensorSpec


def dense_on(tensor: torch.Tensor, index: int) -> torch.Tensor:
    """Give a contiguous tensor with these values on an NPU: the tensor's own memory if it can be.

    Whoever calls this has waited for work on the tensor; a copy is queued on the current stream.
    """
    dense = tensor.detach().resolve_conj().resolve_neg()
    if dense.is_contiguous() and dense.device.index == index:
        return dense
    # Not contiguous(): torch_npu 2.13 warns there, in the user's name, about internal formats.
    device = torch.device("npu", index)
    return torch.empty(dense.shape, dtype=dense.dtype, device=device).copy_(dense)


def empty_on(spec: TensorSpec, index: int) -> torch.Tensor:
    """Allocate a tensor on an NPU, not filled."""
    return torch.empty(spec.shape, dtype=spec.torch_dtype, device=torch.device("npu", index))
