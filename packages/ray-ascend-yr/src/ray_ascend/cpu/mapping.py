"""Tensors in a private mapping of a value's memory: nothing is copied until somebody writes.

    value in the worker's memory <--pages, until they are written-- tensors of the receiver

Writing changes a copy of that page, which nobody else sees (MAP_PRIVATE). While one of an object's
tensors lives, the SDK's buffer does, and with it the worker keeps the value's memory for this
process, also when the object has been freed. Not so when the worker takes this process for dead: if
it does not run for `--client_dead_timeout_s`, tensors show what is stored there next. A copy
(`packing`) does not.
"""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from typing import Any

import torch

from ray_ascend.cpu.foreign_memory import byte_tensor
from ray_ascend.cpu.layout import Block, Layout, strides_of
from ray_ascend.cpu.packing import in_order
from ray_ascend.objects.specs import TensorSpec
from ray_ascend.store.worker_memory import file_behind, hold, opened


class _Mapping(mmap.mmap):
    """Holds the SDK's buffer for as long as a tensor uses the mapping."""

    value: Any


def mapped(value: Any, layout: Layout, worker_pid: int) -> list[torch.Tensor]:
    """Give an object's tensors without copying their bytes; raises NotMappableError.

    `value` is the SDK's read-only buffer over them, in memory of the worker of that process id.
    Called in the receiver, in any thread. No two tensors share a storage.
    """
    mapping, lead = _map(value, layout.total, worker_pid)
    with torch.no_grad():
        return in_order(layout, [_tensors(mapping, lead, block) for block in layout.blocks])


def _map(value: Any, size: int, worker_pid: int) -> tuple[_Mapping, int]:
    with byte_tensor(value) as memory:
        part = file_behind(memory.data_ptr(), size)
    lead = part.offset % mmap.ALLOCATIONGRANULARITY
    with opened(part, worker_pid) as descriptor:
        mapping = _Mapping(
            descriptor,
            lead + size,
            flags=mmap.MAP_PRIVATE,
            prot=mmap.PROT_READ | mmap.PROT_WRITE,
            offset=part.offset - lead,
        )
    mapping.value = value
    hold(mapping)
    return mapping, lead


def _tensors(mapping: _Mapping, lead: int, block: Block) -> Sequence[torch.Tensor]:
    if not block.size:
        shape, dtype = block.spec.shape, block.spec.torch_dtype
        return [torch.empty(shape, dtype=dtype) for _ in block.members]
    starts = range(lead + block.offset, lead + block.end, block.step)
    return [_tensor(mapping, start, block.size, block.spec) for start in starts]


def _tensor(mapping: _Mapping, start: int, size: int, spec: TensorSpec) -> torch.Tensor:
    storage = torch.frombuffer(mapping, dtype=torch.uint8, count=size, offset=start)
    tensor = torch.empty(0, dtype=spec.torch_dtype)
    return tensor.set_(storage.untyped_storage(), 0, spec.shape, strides_of(spec.shape))
