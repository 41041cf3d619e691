"""Memory for tensors that arrive: warm where that is left, huge pages where they help.

Huge pages take most of the page faults away: 512 MiB were filled in 76 ms instead of 143 (Linux
6.18, two CPUs). In a virtual machine whose balloon reports free pages, though, they are just what
the host has taken back: 876 to 2,900 ms. Such machines get none.
"""

from __future__ import annotations

import mmap
import pathlib
from typing import Final

import torch

from ray_ascend.cpu.layout import strides_of
from ray_ascend.cpu.pages import advise
from ray_ascend.cpu.warm_memory import WarmMemory
from ray_ascend.store.process_state import of_process

_LARGE = 4 << 20
_HUGE = 32 << 20
"""From here on malloc always asks the kernel for memory of its own (glibc's upper limit)."""
_REPORTED_ORDER: Final = pathlib.Path("/sys/module/page_reporting/parameters/page_reporting_order")
_HIGHEST_ORDER = 20


def empty(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    """Allocate a tensor in host memory, not filled; any thread."""
    if dtype is torch.complex32:
        # torch.empty warns that ComplexHalf is experimental; here nobody computes with it.
        return empty(shape, torch.int32).view(dtype)
    size = torch.Size(shape).numel() * dtype.itemsize
    if size < _LARGE:
        return torch.empty(shape, dtype=dtype, device="cpu")
    warm = of_process(WarmMemory)
    storage = warm.take(size)
    if storage is not None:
        return torch.empty(0, dtype=dtype, device="cpu").set_(storage, 0, shape, strides_of(shape))
    tensor = torch.empty(shape, dtype=dtype, device="cpu")
    if size >= _HUGE and _are_huge_pages_good(_REPORTED_ORDER):
        advise(tensor.data_ptr(), size, mmap.MADV_HUGEPAGE)
    warm.note(tensor.untyped_storage())
    return tensor


def _are_huge_pages_good(reported_order: pathlib.Path) -> bool:
    """Tell whether the kernel gives no free memory back to a host."""
    try:
        return int(reported_order.read_text()) > _HIGHEST_ORDER
    except (OSError, ValueError):
        return True
