"""``copy_``: torch_npu's own where bytes are only moved, the host's where they are converted.

torch_npu's own copies go through the runtime, on a stream when they are asynchronous, and keep
pinned buffers alive until they are done. It needs Ascend kernels to change dtypes or strides.
"""

from typing import Any

import torch

from yr_fake_cann.kernels import internals, streams
from yr_fake_cann.kernels.alias import host_view


class CopyKernel:
    """The kernel of ``aten::copy_``."""

    __slots__ = ("original",)

    def __init__(self, original: Any) -> None:
        self.original = original

    def __call__(
        self, target: torch.Tensor, source: torch.Tensor, non_blocking: bool = False
    ) -> torch.Tensor:
        """Copy `source` into `target`, on whatever devices they are."""
        if _is_plain(target, source):
            self.original.call_boxed(internals.DEVICE_KEYS, target, source, non_blocking)
            return target
        _on_host(target).copy_(_on_host(source))
        return target


def _is_plain(target: torch.Tensor, source: torch.Tensor) -> bool:
    return (
        target.dtype == source.dtype
        and target.shape == source.shape
        and target.is_contiguous()
        and source.is_contiguous()
        and not (target.is_conj() or source.is_conj() or target.is_neg() or source.is_neg())
        and target.numel() > 0
    )


def _on_host(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.is_cpu:
        return tensor
    device = tensor.device.index
    streams.on_device(device, lambda: streams.drain(device))
    return host_view(tensor)
