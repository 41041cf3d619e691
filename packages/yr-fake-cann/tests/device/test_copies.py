"""Copies in all directions, contiguous or not, blocking or not."""

from typing import Any

import pytest
import torch
from torch_npu import npu

PLACES = ("cpu", "npu:0", "npu:2")
LAYOUTS = {
    "contiguous": lambda t: t,
    "transposed": lambda t: t.t(),
    "strided": lambda t: t[:, ::2],
    "offset": lambda t: t[1:],
    "expanded": lambda t: t[:1].expand(4, -1),
}


@pytest.mark.parametrize("target", PLACES)
@pytest.mark.parametrize("source", PLACES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_copy_has_the_values(source: str, target: str, layout: str) -> None:
    """``to`` and ``copy_`` keep the values whatever the layout of the source."""
    base = torch.arange(24.0).view(4, 6)
    original = LAYOUTS[layout](base.to(source))

    moved = original.to(target)
    written = torch.empty(original.shape, device=target).copy_(original)

    assert moved.device == written.device == torch.device(target)
    assert torch.equal(moved.cpu(), LAYOUTS[layout](base))
    assert torch.equal(written.cpu(), LAYOUTS[layout](base))


def test_copying_into_a_strided_target(device: torch.device) -> None:
    """A copy into every second column leaves the others."""
    target = torch.zeros(2, 4, device=device)

    target[:, ::2].copy_(torch.ones(2, 2))

    assert target.tolist() == [[1, 0, 1, 0], [1, 0, 1, 0]]


def test_a_copy_to_the_same_device_is_the_tensor(device: torch.device) -> None:
    """Nothing is copied when nothing changes, unless asked for."""
    tensor = torch.ones(3, device=device)

    assert tensor.to(device) is tensor
    assert tensor.to(device, copy=True).data_ptr() != tensor.data_ptr()


def test_a_pinned_buffer_is_copied_asynchronously(device: torch.device) -> None:
    """Pinned memory, ``non_blocking`` and a synchronisation give the values, both ways."""
    npu.set_device(device)
    source = torch.arange(1000.0).pin_memory()
    target = torch.empty(1000, pin_memory=True)

    on_device = source.to(device, non_blocking=True)
    target.copy_(on_device * 2, non_blocking=True)
    npu.current_stream().synchronize()

    assert source.is_pinned()
    assert torch.equal(target, source * 2)


def test_npu_and_cpu_methods(device: torch.device) -> None:
    """``.npu()`` takes an index, ``.cpu()`` brings back."""
    tensor: Any = torch.arange(3)
    tensor = tensor.npu(device.index)

    assert tensor.device == device
    assert tensor.is_npu
    assert tensor.cpu().tolist() == [0, 1, 2]


def test_the_device_context_is_the_default(device: torch.device) -> None:
    """Within ``torch.npu.device`` a tensor on "npu" is on that device."""
    with npu.device(device):
        inside = torch.zeros(1, device="npu")

    assert inside.device == device
