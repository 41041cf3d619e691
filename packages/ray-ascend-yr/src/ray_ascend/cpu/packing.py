"""Tensors to bytes and back, one copy each way.

    source tensors --copy_--> value in the datasystem --copy_--> fresh tensors, or the user's own

A copy moves bit patterns: both sides are viewed as an integer type of the same width, so that it
works for dtypes that torch has no arithmetic for, keeps NaN payloads, and follows any strides of
the source. Only lazily conjugated or negated tensors are copied by value, which resolves them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import torch

from ray_ascend.cpu.foreign_memory import byte_tensor
from ray_ascend.cpu.layout import Layout, plan
from ray_ascend.objects.metadata import TensorSpec

_BITS = {
    1: torch.uint8,
    2: torch.int16,
    4: torch.int32,
    8: torch.int64,
    16: torch.complex128,  # torch has no integer of this width; its copy of complex128 is bitwise
}


def layout_of(specs: Iterable[TensorSpec]) -> Layout:
    """Compute where each described tensor lies; the same in the source and in every receiver."""
    return plan(math.prod(spec.shape) * _dtype(spec).itemsize for spec in specs)


def pack(tensors: Sequence[torch.Tensor], layout: Layout, destination: Any) -> None:
    """Copy the tensors into a writable buffer of at least `layout.total` bytes."""
    with torch.no_grad(), byte_tensor(destination) as memory:
        for tensor, offset, size in zip(tensors, layout.offsets, layout.sizes, strict=True):
            if size:
                _copy_in(tensor.detach(), memory[offset : offset + size])


def unpack(
    source: Any,
    specs: Sequence[TensorSpec],
    layout: Layout,
    targets: Sequence[torch.Tensor] | None = None,
) -> list[torch.Tensor]:
    """Copy the tensors out of a buffer, into fresh storages or into `targets` (returned as is).

    `source` may be None when there is no byte to copy.
    """
    tensors = [_fresh(spec) for spec in specs] if targets is None else list(targets)
    if source is not None:
        with torch.no_grad(), byte_tensor(source) as memory:
            for tensor, offset, size in zip(tensors, layout.offsets, layout.sizes, strict=True):
                if size:
                    _copy_out(memory[offset : offset + size], tensor.detach())
    if targets is None:
        for tensor, spec in zip(tensors, specs, strict=True):
            tensor.requires_grad_(spec.requires_grad)
    return tensors


def _copy_in(tensor: torch.Tensor, memory: torch.Tensor) -> None:
    if tensor.is_conj() or tensor.is_neg():
        memory.view(tensor.dtype).view(tensor.shape).copy_(tensor)
        return
    bits = tensor.view(_BITS[tensor.element_size()])
    memory.view(bits.dtype).view(bits.shape).copy_(bits)


def _copy_out(memory: torch.Tensor, tensor: torch.Tensor) -> None:
    bits = tensor.view(_BITS[tensor.element_size()])
    bits.copy_(memory.view(bits.dtype).view(bits.shape))


def _fresh(spec: TensorSpec) -> torch.Tensor:
    dtype = _dtype(spec)
    if dtype is torch.complex32:
        # torch.empty warns that ComplexHalf is experimental; here nobody computes with it.
        return torch.empty(spec.shape, dtype=torch.int32, device="cpu").view(dtype)
    return torch.empty(spec.shape, dtype=dtype, device="cpu")


def _dtype(spec: TensorSpec) -> torch.dtype:
    dtype: torch.dtype = getattr(torch, spec.dtype)
    return dtype
