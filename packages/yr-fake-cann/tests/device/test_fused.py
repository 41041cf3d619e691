"""Fused operators with a short definition: provided, differentiable, equal to the definition."""

import pytest
import torch
import torch_npu
from torch.nn import functional

from yr_fake_cann.kernels.fused import PROVIDED
from yr_fake_cann.kernels.internals import names_with_kernel


def test_rms_norm_is_its_definition(device: torch.device, real: torch.dtype) -> None:
    """The result has the input's dtype, the reciprocal root is float32."""
    source, gamma = torch.randn(4, 8).to(real), torch.rand(8).to(real)

    result, rstd = torch_npu.npu_rms_norm(source.to(device), gamma.to(device), 1e-5)

    expected = functional.rms_norm(source.float(), (8,), gamma.float(), 1e-5).to(real)
    torch.testing.assert_close(result.cpu(), expected)
    assert (rstd.shape, rstd.dtype) == ((4, 1), torch.float32)


def test_add_rms_norm_returns_the_sum(device: torch.device) -> None:
    """The third result is the sum that was normalised."""
    left, right = torch.randn(2, 4, device=device), torch.randn(2, 4, device=device)

    normalised, _, total = torch_npu.npu_add_rms_norm(left, right, torch.ones(4, device=device))

    assert torch.equal(total, left + right)
    torch.testing.assert_close(normalised, functional.rms_norm(total, (4,), eps=1e-6))


def test_swiglu_has_gradients(device: torch.device) -> None:
    """Gradients follow from the definition."""
    source = torch.randn(3, 8, device=device, requires_grad=True)
    host = source.detach().cpu().requires_grad_()

    torch.autograd.backward(torch_npu.npu_swiglu(source).sum())
    torch.autograd.backward((functional.silu(host[:, :4]) * host[:, 4:]).sum())

    assert source.grad is not None
    torch.testing.assert_close(source.grad.cpu(), host.grad)


@pytest.mark.parametrize(
    ("mode", "rotated"), [("half", [-3.0, -4.0, 1.0, 2.0]), ("interleave", [-2.0, 1.0, -4.0, 3.0])]
)
def test_rotary_mul_rotates(device: torch.device, mode: str, rotated: list[float]) -> None:
    """Halves or neighbours are rotated and added."""
    source = torch.tensor([1.0, 2.0, 3.0, 4.0], device=device).view(1, 1, 1, 4)
    zero, one = torch.zeros_like(source), torch.ones_like(source)

    result = torch_npu.npu_rotary_mul(source, zero, one, mode)

    assert result.flatten().tolist() == rotated


def test_half_precision_rounds_once(device: torch.device) -> None:
    """Gates and rotations compute in float32, also where their factors are of another dtype."""
    source = torch.randn(2, 1, 4, 8, device=device).bfloat16()
    cos, sin = (torch.randn(1, 1, 4, 8, device=device) for _ in range(2))

    rotated = torch_npu.npu_rotary_mul(source.transpose(0, 1), cos, sin)
    gated = torch_npu.npu_swiglu(source)

    wide = source.float()
    expected = torch_npu.npu_rotary_mul(wide.transpose(0, 1), cos, sin).bfloat16()
    assert torch.equal(rotated, expected)
    assert rotated.is_contiguous()
    assert torch.equal(gated, torch_npu.npu_swiglu(wide).bfloat16())


def test_a_transposition_has_memory_of_its_own(device: torch.device) -> None:
    """In both orders, of any input."""
    source = torch.randn(2, 8, 3, device=device).transpose(1, 2)

    for first in (True, False):
        shape = [3, 16] if first else [6, 8]
        perm = [1, 0, 2] if first else [1, 0]
        turned = torch_npu.npu_confusion_transpose(source, perm, shape, first)
        before = source.clone()
        turned.zero_()
        assert torch.equal(source, before)
        assert turned.is_contiguous()


def test_casts_change_the_dtype_and_keep_the_layout(device: torch.device) -> None:
    """Dtype casts convert; format casts have nothing to convert here."""
    source = torch.ones(2, 2, device=device)

    assert torch_npu.npu_dtype_cast(source, torch.float16).dtype == torch.float16
    assert torch.equal(torch_npu.npu_format_cast(source, 29), source)


def test_every_provided_operator_exists_in_torch_npu() -> None:
    """The table names operators of the installed torch_npu only."""
    assert set(PROVIDED) <= set(names_with_kernel("PrivateUse1"))
