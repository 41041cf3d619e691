"""Tensors that the processes of a datasystem test agree on, and how they look on a device."""

from collections.abc import Callable
from typing import Final

import torch
import torch_npu
from yr.datasystem import Blob, DeviceBlobList

NPU: Final = 0
DTYPES: Final = (torch.float32, torch.bfloat16, torch.int64, torch.bool, torch.uint8)
LAYERS, BLOCKS, BLOCK_ELEMENTS = 3, 4, 64
MOVED_BLOCKS: Final = [0, 2]
KEPT_BLOCKS: Final = [1, 3]


def expected() -> list[torch.Tensor]:
    """Return tensors of several dtypes and sizes, on the CPU."""
    counted = [torch.arange(1000).remainder(113).to(dtype) for dtype in DTYPES]
    return [*counted, torch.arange(1 << 18, dtype=torch.float32)]


def on_npu(tensors: list[torch.Tensor]) -> list[torch.Tensor]:
    """Return copies on the device, complete."""
    copies = [tensor.to("npu") for tensor in tensors]
    torch_npu.npu.synchronize()
    return copies


def zeros_like(tensors: list[torch.Tensor]) -> list[torch.Tensor]:
    """Return zeros on the device in the shapes and dtypes of tensors, complete."""
    zeros = [torch.zeros_like(tensor, device="npu") for tensor in tensors]
    torch_npu.npu.synchronize()
    return zeros


def written_pages() -> list[torch.Tensor]:
    """Return the layers of a paged attention cache, with a different number in each element."""
    count = BLOCKS * BLOCK_ELEMENTS
    return _paged(lambda layer: torch.arange(count, dtype=torch.float32) + 1000 * layer)


def empty_pages() -> list[torch.Tensor]:
    """Return such layers, of zeros."""
    return _paged(lambda _: torch.zeros(BLOCKS * BLOCK_ELEMENTS))


def moved(found: list[torch.Tensor], written: list[torch.Tensor]) -> bool:
    """Return whether the moved blocks have arrived and the others are as they were."""
    arrived = equal(
        [page[MOVED_BLOCKS] for page in found], [page[MOVED_BLOCKS] for page in written]
    )
    return arrived and all(not page[KEPT_BLOCKS].any() for page in found)


def block_lists(pages: list[torch.Tensor]) -> list[DeviceBlobList]:
    """Return the moved blocks as the datasystem describes them, one list a layer."""
    return [
        DeviceBlobList(
            NPU, [Blob(page[block].data_ptr(), page[block].nbytes) for block in MOVED_BLOCKS]
        )
        for page in pages
    ]


def equal(found: list[torch.Tensor], wanted: list[torch.Tensor]) -> bool:
    """Return whether all tensors agree, byte for byte, once the device is done."""
    torch_npu.npu.synchronize()
    return all(
        torch.equal(left.cpu(), right.cpu()) for left, right in zip(found, wanted, strict=True)
    )


def _paged(fill: Callable[[int], torch.Tensor]) -> list[torch.Tensor]:
    return on_npu([fill(layer).reshape(BLOCKS, BLOCK_ELEMENTS) for layer in range(LAYERS)])
