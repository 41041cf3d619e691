"""Runs an operator's CPU kernel on host views of its npu arguments.

Results that are views of an argument come back as views of the npu tensor, everything else is
placed in new npu memory, so that torch_npu's allocator, statistics and limits see it.
"""

from typing import Any

import torch

from yr_fake_cann.errors import NotEmulatedError
from yr_fake_cann.kernels import streams
from yr_fake_cann.kernels.alias import CPU, host_storage, host_view, view_of_storage
from yr_fake_cann.kernels.placement import Placement


class Crossing:
    """One call: the host views of its npu tensors, and the way back for its results."""

    __slots__ = ("device", "placement", "storages", "views")

    def __init__(self, placement: Placement) -> None:
        self.device: int | None = None
        self.placement = placement
        self.views: list[tuple[torch.Tensor, torch.Tensor]] = []
        self.storages: dict[int, tuple[torch.Tensor, torch.UntypedStorage]] = {}

    def to_host(self, value: Any, cpu_allowed: bool = False) -> Any:
        """Return what the CPU kernel gets for an argument, which may be a CPU tensor or may not."""
        if isinstance(value, torch.Tensor):
            if not (cpu_allowed and value.is_cpu):
                self.placement.note(value)
            return value if value.is_cpu else self._view(value)
        if isinstance(value, (list, tuple)):
            return [self.to_host(item, cpu_allowed) for item in value]
        if isinstance(value, torch.device):
            return self._note_device(value)
        return value

    def to_device(self, result: Any) -> Any:
        """Return what the caller gets for a result of the CPU kernel."""
        if isinstance(result, torch.Tensor):
            return self._tensor_to_device(result)
        if isinstance(result, list):
            return [self.to_device(item) for item in result]
        if isinstance(result, tuple):
            return tuple(self.to_device(item) for item in result)
        return result

    def target(self) -> int:
        """Return the index of the npu that the call is for."""
        return streams.current_device() if self.device is None else self.device

    def _view(self, tensor: torch.Tensor) -> torch.Tensor:
        if self.device is None:
            self.device = tensor.device.index
        address = tensor.untyped_storage().data_ptr()
        known = self.storages.get(address)
        storage = host_storage(tensor) if known is None else known[1]
        if known is None and storage.data_ptr():
            self.storages[address] = (tensor, storage)
        view = view_of_storage(tensor, storage)
        self.views.append((tensor, view))
        return view

    def _note_device(self, device: torch.device) -> torch.device:
        if device.type != "npu":
            return device
        index: int | None = device.index
        self.device = streams.current_device() if index is None else index
        return CPU

    def _tensor_to_device(self, result: torch.Tensor) -> torch.Tensor:
        if not result.is_cpu:
            return result
        if result.layout is not torch.strided or result.is_quantized:
            raise NotEmulatedError(f"{self.placement.operator} (a sparse or quantised result)")
        for tensor, view in self.views:
            if view is result:
                return tensor
        address = result.untyped_storage().data_ptr()
        for tensor, storage in self.storages.values():
            if storage.data_ptr() == address and tensor.dtype == result.dtype:
                return tensor.as_strided(result.size(), result.stride(), result.storage_offset())
        return place(result, self.target())


def place(result: torch.Tensor, device: int) -> torch.Tensor:
    """Return a new tensor on the given npu with the values and layout of a CPU tensor."""
    result = result.resolve_conj().resolve_neg()
    placed = torch.empty_like(result, device=torch.device("npu", device))
    if result.numel():
        host_view(placed).copy_(result)
    return placed
