"""Quantisation to int8: scales that are given, or found from the largest value of a row.

Values are rounded half to even, as ``torch.round`` does, in float32. Other targets than int8, uint8
and int32 (packed int4, 8-bit floats, blocks with scales of their own) are refused.
"""

from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor

from yr_fake_cann.errors import NotEmulatedError, OperatorArgumentError
from yr_fake_cann.kernels.fused import scalar_types
from yr_fake_cann.kernels.fused.elementwise import rms_norm

LARGEST: Final = 127.0
_MODES: Final = ("pertoken", "perchannel", "pertensor")


def to_int8(values: Tensor) -> Tensor:
    """Round to the nearest of -128 to 127."""
    return values.round().clamp(-128, 127).to(torch.int8)


def by_largest(values: Tensor) -> tuple[Tensor, Tensor]:
    """Return int8 values and the float32 scale of each row; a row of zeros has scale 0."""
    scale = values.abs().amax(-1) / LARGEST
    divisor = scale.masked_fill(scale == 0, 1.0).unsqueeze(-1)
    return to_int8(values / divisor), scale


def dynamic_quant(
    x: Tensor,
    *,
    smooth_scales: Tensor | None = None,
    group_index: Tensor | None = None,
    dst_type: Any = None,
    quant_mode: str = "pertoken",
    dst_type_max: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """``npu_dynamic_quant``: int8 values and scales, by token, channel or tensor.

    With ``group_index``, the cumulative ends of groups of rows, each has its row of smooth scales.
    """
    _refuse_other_types("npu_dynamic_quant", dst_type)
    if dst_type_max:
        raise NotEmulatedError("torch_npu.npu_dynamic_quant with dst_type_max")
    if quant_mode not in _MODES:
        raise OperatorArgumentError(
            "npu_dynamic_quant", f"quant_mode is {quant_mode!r}, not one of {', '.join(_MODES)}"
        )
    smoothed = x.float() * _smooth(x, smooth_scales, group_index)
    if quant_mode == "pertoken":
        return by_largest(smoothed)
    if quant_mode == "perchannel":
        values, scale = by_largest(smoothed.transpose(-1, -2))
        return values.transpose(-1, -2).contiguous(), scale
    values, scale = by_largest(smoothed.reshape(1, -1))
    return values.view(x.shape), scale


def quantize(
    x: Tensor,
    scales: Tensor,
    zero_points: Tensor | None,
    dtype: Any,
    axis: int = 1,
    div_mode: bool = True,
) -> Tensor:
    """``npu_quantize``: divided by the scales along an axis, or multiplied by them."""
    target = scalar_types.dtype(dtype)
    if target not in {torch.int8, torch.uint8, torch.int32}:
        raise NotEmulatedError(f"torch_npu.npu_quantize to the dtype {dtype}")
    at = axis if div_mode else (-2 if axis == -2 else -1)
    shift = 0.0 if zero_points is None else _along(zero_points.float(), x, at)
    scale = _along(scales.float(), x, at)
    values = (x.float() / scale).round() + shift if div_mode else x.float() * scale + shift
    limits = torch.iinfo(target)
    return values.round().clamp(limits.min, limits.max).to(target)


def add_rms_norm_quant(
    x1: Tensor,
    x2: Tensor,
    gamma: Tensor,
    scales1: Tensor,
    zero_points1: Tensor | None = None,
    beta: Tensor | None = None,
    scales2: Tensor | None = None,
    zero_points2: Tensor | None = None,
    *,
    axis: int = -1,
    epsilon: float = 1e-6,
    div_mode: bool = True,
    dst_type: Any = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """``npu_add_rms_norm_quant``: the norm of a sum, quantised once or twice, and the sum.

    Without ``scales2`` the second result holds zeros.
    """
    _refuse_other_types("npu_add_rms_norm_quant", dst_type)
    total, normalised = _normalised_sum(x1, x2, gamma, beta, epsilon)
    first = quantize(normalised, scales1, zero_points1, torch.int8, axis, div_mode)
    if scales2 is None:
        return first, torch.zeros_like(first), total
    return first, quantize(normalised, scales2, zero_points2, torch.int8, axis, div_mode), total


def add_rms_norm_dynamic_quant(
    x1: Tensor,
    x2: Tensor,
    gamma: Tensor,
    *,
    smooth_scale1: Tensor | None = None,
    smooth_scale2: Tensor | None = None,
    beta: Tensor | None = None,
    epsilon: float = 1e-6,
    output_mask: list[bool] | None = None,
    y_dtype: Any = None,
) -> tuple[Tensor, ...]:
    """``npu_add_rms_norm_dynamic_quant``: two quantised norms of a sum, the sum, and two scales."""
    _refuse_other_types("npu_add_rms_norm_dynamic_quant", y_dtype)
    total, normalised = _normalised_sum(x1, x2, gamma, beta, epsilon)
    both = smooth_scale1 is not None and smooth_scale2 is not None
    results = []
    for wanted, smooth in zip(
        output_mask or (True, both), (smooth_scale1, smooth_scale2), strict=True
    ):
        smoothed = normalised if smooth is None else normalised * smooth.float()
        found = by_largest(smoothed)
        results.append(found if wanted else tuple(part.new_empty(0) for part in found))
    (first, scale1), (second, scale2) = results
    return first, second, total, scale1, scale2


def trans_quant_param(
    scale: Tensor, offset: Tensor | None = None, round_mode: int | None = 0
) -> Tensor:
    """``npu_trans_quant_param``: the high bits of float32 scales, in int64.

    Bit 46 marks a scale. Offsets are refused: where their nine bits lie is not documented.
    """
    if offset is not None or round_mode:
        raise NotEmulatedError("torch_npu.npu_trans_quant_param with offset or round_mode")
    return (scale.float().view(torch.int32).long() & 0xFFFFE000) | 1 << 46


def scales_of(scale: Tensor) -> Tensor:
    """Return scales in float32, also those that ``npu_trans_quant_param`` made."""
    if scale.dtype is not torch.int64:
        return scale.float()
    return scale.contiguous().view(torch.int32)[..., ::2].contiguous().view(torch.float32)


def _normalised_sum(
    x1: Tensor, x2: Tensor, gamma: Tensor, beta: Tensor | None, epsilon: float
) -> tuple[Tensor, Tensor]:
    total = x1 + x2
    normalised, _ = rms_norm(total.float(), gamma, epsilon)
    return total, normalised if beta is None else normalised + beta.float()


def _smooth(x: Tensor, scales: Tensor | None, ends: Tensor | None) -> Tensor | float:
    if scales is None:
        return 1.0
    if ends is None:
        return scales.float()
    rows = torch.arange(x.size(0), device=x.device).unsqueeze(1)
    group = (rows >= ends.unsqueeze(0)).sum(1).clamp_max(scales.size(0) - 1)
    return scales.float()[group]


def _along(values: Tensor, x: Tensor, axis: int) -> Tensor:
    if values.numel() == 1:
        return values.reshape(())
    shape = [1] * x.dim()
    shape[axis] = -1
    return values.reshape(shape)


def _refuse_other_types(operator: str, code: Any) -> None:
    if code is not None and scalar_types.dtype(code) is not torch.int8:
        raise NotEmulatedError(f"torch_npu.{operator} to the dtype {code}")


PROVIDED: Final[dict[str, Callable[..., Any]]] = {
    "npu::npu_add_rms_norm_dynamic_quant": add_rms_norm_dynamic_quant,
    "npu::npu_add_rms_norm_quant": add_rms_norm_quant,
    "npu::npu_dynamic_quant": dynamic_quant,
    "npu::npu_quantize": quantize,
    "npu::npu_trans_quant_param": trans_quant_param,
}
