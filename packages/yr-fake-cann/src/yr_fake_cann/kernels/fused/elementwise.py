"""Norms, activations, casts and moves of torch_npu: one or a few aten operators each."""

from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional

from yr_fake_cann.kernels.fused import scalar_types


def rms_norm(x: Tensor, gamma: Tensor, epsilon: float = 1e-6) -> tuple[Tensor, Tensor]:
    """``npu_rms_norm``: the normalised tensor, and 1/rms in float32."""
    dims = tuple(range(-gamma.dim(), 0))
    wide = x.float()
    rstd = torch.rsqrt(wide.square().mean(dims, keepdim=True) + epsilon)
    return (wide * rstd * gamma.float()).to(x.dtype), rstd


def gemma_rms_norm(x: Tensor, gamma: Tensor, epsilon: float = 1e-6) -> tuple[Tensor, Tensor]:
    """``npu_gemma_rms_norm``: rms_norm with a weight of 1 + gamma."""
    return rms_norm(x, gamma.float() + 1.0, epsilon)


def add_rms_norm(
    x1: Tensor, x2: Tensor, gamma: Tensor, epsilon: float = 1e-6
) -> tuple[Tensor, Tensor, Tensor]:
    """``npu_add_rms_norm``: rms_norm of a sum, and the sum."""
    total = (x1 + x2).to(x1.dtype)
    normalised, rstd = rms_norm(total, gamma, epsilon)
    return normalised, rstd, total


def swiglu(x: Tensor, dim: int = -1) -> Tensor:
    """``npu_swiglu``: silu of the first half, times the second."""
    gate, value = x.float().chunk(2, dim)
    return (functional.silu(gate) * value).to(x.dtype).contiguous()


def gelu(x: Tensor, *, approximate: str = "none") -> Tensor:
    """``npu_gelu``."""
    return functional.gelu(x, approximate=approximate)


def gelu_mul(x: Tensor, *, approximate: str = "none") -> Tensor:
    """``npu_gelu_mul``: gelu of the first half of the last dimension, times the second."""
    gate, value = x.chunk(2, -1)
    return functional.gelu(gate, approximate=approximate) * value


def fast_gelu(x: Tensor) -> Tensor:
    """``npu_fast_gelu``: x sigmoid(1.702 x)."""
    return x * torch.sigmoid(1.702 * x)


def rotary_mul(
    x: Tensor, r1: Tensor, r2: Tensor, rotary_mode: str = "half", rotate: Tensor | None = None
) -> Tensor:
    """``npu_rotary_mul``: x r1 + rotate(x) r2, with the halves or the neighbours rotated."""
    wide = x.float()
    if rotate is not None:
        rotated = wide @ rotate.float()
    elif rotary_mode == "half":
        first, second = wide.chunk(2, -1)
        rotated = torch.cat((-second, first), -1)
    elif rotary_mode == "interleave":
        rotated = torch.stack((-wide[..., 1::2], wide[..., 0::2]), -1).flatten(-2)
    else:
        raise RuntimeError(f"rotary_mode must be 'half' or 'interleave', not {rotary_mode!r}")
    return (wide * r1 + rotated * r2).to(x.dtype).contiguous()


def lstm_cell(
    x: Tensor, hx: list[Tensor], w_ih: Tensor, w_hh: Tensor, *biases: Tensor | None
) -> tuple[Tensor, Tensor]:
    """``aten::lstm_cell``, which torch computes in one kernel on devices that are not the CPU."""
    hidden, cell = hx
    b_ih, b_hh = (*biases, None, None)[:2]
    gates = functional.linear(x, w_ih, b_ih) + functional.linear(hidden, w_hh, b_hh)
    start, forget, candidate, out = gates.chunk(4, 1)
    cell = torch.sigmoid(forget) * cell + torch.sigmoid(start) * torch.tanh(candidate)
    return torch.sigmoid(out) * torch.tanh(cell), cell


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``npu_linear``."""
    return functional.linear(x, weight, bias)


def transpose(x: Tensor, perm: list[int], require_contiguous: bool = True) -> Tensor:
    """``npu_transpose``: a permutation, in memory of its own."""
    copy_format = torch.contiguous_format if require_contiguous else torch.preserve_format
    return x.permute(perm).clone(memory_format=copy_format)


def confusion_transpose(
    x: Tensor, perm: list[int], shape: list[int], transpose_first: bool
) -> Tensor:
    """``npu_confusion_transpose``: permute then reshape, or the other way round."""
    turned = x.permute(perm).reshape(shape) if transpose_first else x.reshape(shape).permute(perm)
    return turned.clone(memory_format=torch.contiguous_format)


def dtype_cast(x: Tensor, dtype: Any, _input_dtype: int | None = None) -> Tensor:
    """``npu_dtype_cast``, for torch's own dtypes."""
    return x.to(_dtype(dtype))


def format_cast(x: Tensor, *_format: Any, **_options: Any) -> Tensor:
    """``npu_format_cast``: a copy; memory here has no internal formats and keeps the base one."""
    return x.clone()


def format_cast_(x: Tensor, *_format: Any) -> Tensor:
    """``npu_format_cast_``: the tensor itself, for the same reason."""
    return x


def prefetch(*_arguments: Any) -> None:
    """``npu_prefetch``: a hint to the cache."""


def one_(x: Tensor) -> Tensor:
    """``one_``."""
    return x.fill_(1)


def non_finite_check(gradients: list[Tensor]) -> bool:
    """``_amp_foreach_non_finite_check``: whether a gradient holds an infinity or a NaN."""
    return not all(bool(torch.isfinite(g).all()) for g in gradients)


def _dtype(code: Any) -> torch.dtype:
    dtype = scalar_types.dtype(code)
    if dtype is None:
        raise RuntimeError(f"npu_dtype_cast to the Ascend dtype {code} is not emulated")
    return dtype


PROVIDED: Final[dict[str, Callable[..., Any]]] = {
    "aten::lstm_cell": lstm_cell,
    "npu::_amp_foreach_non_finite_check": non_finite_check,
    "npu::_npu_dtype_cast": dtype_cast,
    "npu::_npu_format_cast": format_cast,
    "npu::fast_gelu": fast_gelu,
    "npu::npu_add_rms_norm": add_rms_norm,
    "npu::npu_confusion_transpose": confusion_transpose,
    "npu::npu_dtype_cast": dtype_cast,
    "npu::npu_fast_gelu": fast_gelu,
    "npu::npu_format_cast": format_cast,
    "npu::npu_format_cast.Tensor": format_cast,
    "npu::npu_format_cast_": format_cast_,
    "npu::npu_format_cast_.acl_format": format_cast_,
    "npu::npu_gelu": gelu,
    "npu::npu_gelu_mul": gelu_mul,
    "npu::npu_gemma_rms_norm": gemma_rms_norm,
    "npu::npu_linear": linear,
    "npu::npu_mish": functional.mish,
    "npu::npu_prefetch": prefetch,
    "npu::npu_rms_norm": rms_norm,
    "npu::npu_rotary_mul": rotary_mul,
    "npu::npu_silu": functional.silu,
    "npu::npu_silu_": torch.ops.aten.silu_,
    "npu::npu_swiglu": swiglu,
    "npu::npu_transpose": transpose,
    "npu::one_": one_,
}
