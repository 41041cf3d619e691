"""What real NPUs refuse, or what is not emulated, raises and says why."""

import pytest
import torch
import torch_npu
from torch_npu import npu

from yr_fake_cann.errors import NotEmulatedError


def test_tensors_of_the_cpu_and_an_npu_are_refused(device: torch.device) -> None:
    """A kernel takes tensors of one device."""
    with pytest.raises(RuntimeError, match=r"same device, .* npu:\d and cpu"):
        torch.ones(3, device=device) + torch.ones(3)


def test_tensors_of_two_npus_are_refused() -> None:
    """Two NPUs are two devices."""
    with pytest.raises(RuntimeError, match="npu:0 and npu:1"):
        torch.ones(3, device="npu:0") + torch.ones(3, device="npu:1")


def test_a_number_on_the_host_is_accepted(device: torch.device) -> None:
    """A CPU tensor without dimensions counts as a number."""
    result = torch.ones(3, device=device) + torch.tensor(2.0)

    assert result.tolist() == [3, 3, 3]


def test_a_device_that_does_not_exist_is_refused() -> None:
    """The machine has 8 NPUs."""
    with pytest.raises(RuntimeError, match="Invalid device"):
        torch.ones(1, device="npu:99")


def test_a_generator_of_the_cpu_is_refused(device: torch.device) -> None:
    """Random numbers of a device need a generator of a device."""
    with pytest.raises(RuntimeError, match="Expected a 'npu' device type for generator"):
        torch.randn(3, device=device, generator=torch.Generator())


def test_a_fused_operator_is_refused_by_name(device: torch.device) -> None:
    """The error names the operator as users call it, and the page of what is emulated."""
    boxes = torch.ones(4, 5, device=device)

    with pytest.raises(NotEmulatedError, match=r"npu_nms_with_mask .*emulated-operators") as raised:
        torch_npu.npu_nms_with_mask(boxes, 0.5)

    assert raised.value.operator == "torch_npu.npu_nms_with_mask"


def test_a_sparse_result_is_refused(device: torch.device) -> None:
    """There are no sparse tensors on the emulated device."""
    with pytest.raises(NotEmulatedError, match="sparse"):
        torch.eye(3, device=device).to_sparse()


def test_a_graph_is_refused(device: torch.device) -> None:
    """Graph capture needs the hardware."""
    npu.set_device(device)
    tensor = torch.ones(3, device=device)

    with (
        pytest.raises(RuntimeError, match="NPUGraph needs an Ascend kernel"),
        npu.graph(npu.NPUGraph()),
    ):
        tensor.add_(1)


def test_other_memory_formats_are_refused_as_torch_npu_does(device: torch.device) -> None:
    """torch_npu has contiguous memory only."""
    with pytest.raises(RuntimeError, match="Contiguous is supported"):
        torch.empty(1, 2, 3, 4, device=device, memory_format=torch.channels_last)
