"""Tensors to bytes and back, one copy each way, one call of torch for all tensors of a kind.

    source tensors --copy--> value in the datasystem --copy--> fresh tensors, or the user's own

A copy moves bit patterns: both sides are viewed as an integer type of the same width, so that it
works for dtypes that torch has no arithmetic for, keeps NaN payloads, and follows any strides of
the source. Only lazily conjugated or negated tensors are copied by value, which resolves them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

from ray_ascend.cpu.foreign_memory import byte_tensor
from ray_ascend.cpu.fresh_memory import empty
from ray_ascend.cpu.layout import Block, Layout, plan, strides_of
from ray_ascend.objects.specs import Specs

_BITS = {
    1: torch.uint8,
    2: torch.int16,
    4: torch.int32,
    8: torch.int64,
    16: torch.complex128,  # torch has no integer of this width; its copy of complex128 is bitwise
}
_CLONED_BITWISE = {
    *(torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
    *(torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex128),
}
_unbind_copy: Any = torch.unbind_copy  # torch 2.13 declares that it returns nothing
_SMALL = 1 << 20
"""Up to here a clone is as good as memory of `fresh_memory`, and many are made in one call."""


def layout_of(specs: Specs) -> Layout:
    """Compute where each described tensor lies; the same in the source and in every receiver."""
    sizes = [math.prod(kind.shape) * kind.torch_dtype.itemsize for kind in specs.kinds]
    return plan(specs, sizes)


def pack(tensors: Sequence[torch.Tensor], layout: Layout, destination: Any) -> None:
    """Copy the tensors into a writable buffer of at least `layout.total` bytes."""
    with torch.no_grad(), byte_tensor(destination) as memory:
        for block in layout.blocks:
            if block.size:
                _copy_in([tensors[place] for place in block.members], memory, block)


def unpack(
    source: Any, layout: Layout, targets: Sequence[torch.Tensor] | None = None
) -> list[torch.Tensor]:
    """Copy the tensors out of a buffer, into fresh storages or into `targets` (returned as is).

    `source` may be None when there is no byte to copy.
    """
    with torch.no_grad(), _memory_of(source) as memory:
        if targets is None:
            return in_order(layout, [_received(memory, block) for block in layout.blocks])
        for block in layout.blocks:
            if block.size:
                _copy_out(memory, block, [targets[place].detach() for place in block.members])
        return list(targets)


def in_order(layout: Layout, of_blocks: Iterable[Sequence[torch.Tensor]]) -> list[torch.Tensor]:
    """Put tensors that were made block by block where they belong, with their `requires_grad`."""
    found: dict[int, torch.Tensor] = {}
    for block, tensors in zip(layout.blocks, of_blocks, strict=True):
        if block.spec.requires_grad:
            for tensor in tensors:
                tensor.requires_grad_()
        found.update(zip(block.members, tensors, strict=True))
    return [found[place] for place in range(len(found))]


def _memory_of(source: Any) -> AbstractContextManager[torch.Tensor]:
    return nullcontext(torch.empty(0, dtype=torch.uint8)) if source is None else byte_tensor(source)


def _copy_in(tensors: Sequence[torch.Tensor], memory: torch.Tensor, block: Block) -> None:
    bits = _bits(block)
    places = _places(memory, block, bits).unbind()
    if not any(map(_is_lazy, tensors)):
        _copy_each(places, [tensor.view(bits) for tensor in tensors])
        return
    for place, tensor in zip(places, tensors, strict=True):
        if _is_lazy(tensor):
            place.view(tensor.dtype).copy_(tensor)
        else:
            place.copy_(tensor.view(bits))


def _is_lazy(tensor: torch.Tensor) -> bool:
    return tensor.is_conj() or tensor.is_neg()


def _copy_out(memory: torch.Tensor, block: Block, tensors: Sequence[torch.Tensor]) -> None:
    bits = _bits(block)
    _copy_each([tensor.view(bits) for tensor in tensors], _places(memory, block, bits).unbind())


def _copy_each(targets: Sequence[torch.Tensor], sources: Sequence[torch.Tensor]) -> None:
    """Copy in one call, which leaves the GIL to others, where all are in host memory."""
    if all(tensor.is_cpu for tensor in itertools.chain(targets, sources)):
        torch._foreach_copy_(list(targets), list(sources))
        return
    for target, source in zip(targets, sources, strict=True):
        target.copy_(source)


def _received(memory: torch.Tensor, block: Block) -> Sequence[torch.Tensor]:
    dtype = block.spec.torch_dtype
    if 0 < block.size <= _SMALL and dtype in _CLONED_BITWISE:
        clones: tuple[torch.Tensor, ...] = _unbind_copy(_places(memory, block, dtype))
        return clones
    tensors = [empty(block.spec.shape, dtype) for _ in block.members]
    if block.size:
        _copy_out(memory, block, tensors)
    return tensors


def _places(memory: torch.Tensor, block: Block, dtype: torch.dtype) -> torch.Tensor:
    """Give a block as one tensor of such numbers; the first dimension counts its members."""
    shape = block.spec.shape
    return (
        memory[block.offset : block.end]
        .view(dtype)
        .as_strided(
            (len(block.members), *shape), (block.step // dtype.itemsize, *strides_of(shape))
        )
    )


def _bits(block: Block) -> torch.dtype:
    return _BITS[block.spec.torch_dtype.itemsize]
