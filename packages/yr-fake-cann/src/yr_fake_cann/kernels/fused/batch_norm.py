"""The statistics of SyncBatchNorm: torch's kernels for accelerators, and torch_npu's own two.

Statistics are per channel, the second dimension, and float32 for half-precision input. torch's
kernels exchange means and reciprocal deviations between ranks, torch_npu's sums and square sums.
"""

from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor


def stats(x: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """``aten::batch_norm_stats``: mean and 1/sqrt(biased variance + eps)."""
    wide, dims = _widened(x), _all_but_channels(x)
    variance, mean = torch.var_mean(wide, dims, correction=0)
    return mean, torch.rsqrt(variance + eps)


def gather_stats(
    _x: Tensor,
    mean: Tensor,
    invstd: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    momentum: float,
    eps: float,
    counts: Tensor,
) -> tuple[Tensor, Tensor]:
    """``aten::batch_norm_gather_stats_with_counts``: one pair of statistics from those of ranks.

    ``mean`` and ``invstd`` have a row a rank, ``counts`` the number of values of each.
    """
    weights = counts.to(mean.dtype).view(-1, 1)
    variances = invstd.square().reciprocal() - eps
    total = weights.sum()
    overall = (mean * weights).sum(0) / total
    squares = ((variances + (mean - overall).square()) * weights).sum(0)
    _follow(running_mean, running_var, momentum, overall, squares, total)
    return overall, torch.rsqrt(squares / total + eps)


def reduce_sums(x: Tensor, _eps: float) -> tuple[Tensor, Tensor]:
    """``npu::batch_norm_reduce``: the sum and the sum of squares."""
    wide, dims = _widened(x), _all_but_channels(x)
    return wide.sum(dims), wide.square().sum(dims)


def gather_sums(
    _x: Tensor,
    sums: Tensor,
    square_sums: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    momentum: float,
    eps: float,
    counts: Tensor,
) -> tuple[Tensor, Tensor]:
    """``npu::batch_norm_gather_stats_update``: mean and reciprocal deviation from sums of ranks."""
    total = counts.to(sums.dtype).sum()
    mean = sums.sum(0) / total
    squares = square_sums.sum(0) - total * mean.square()
    _follow(running_mean, running_var, momentum, mean, squares, total)
    return mean, torch.rsqrt(squares / total + eps)


def normalise(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    mean: Tensor,
    invstd: Tensor,
    _eps: float,
) -> Tensor:
    """``aten::batch_norm_elemt``: (x - mean) invstd weight + bias."""
    normalised = (_widened(x) - _spread(mean, x)) * _spread(invstd, x)
    if weight is not None:
        normalised = normalised * _spread(weight, x)
    if bias is not None:
        normalised = normalised + _spread(bias, x)
    return normalised.to(x.dtype)


def backward_reduce(
    grad_out: Tensor,
    x: Tensor,
    mean: Tensor,
    invstd: Tensor,
    weight: Tensor | None,
    *_wanted: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """``aten::batch_norm_backward_reduce``: both sums of this rank, and the gradients from them.

    All four are given whichever are wanted, as tensors that nobody reads cost nothing here.
    """
    wide, dims = _widened(grad_out), _all_but_channels(x)
    sum_dy = wide.sum(dims)
    sum_dy_xmu = (wide * (_widened(x) - _spread(mean, x))).sum(dims)
    dtype = x.dtype if weight is None else weight.dtype
    return sum_dy, sum_dy_xmu, (sum_dy_xmu * invstd).to(dtype), sum_dy.to(dtype)


def backward_elements(
    grad_out: Tensor,
    x: Tensor,
    mean: Tensor,
    invstd: Tensor,
    weight: Tensor | None,
    sum_dy: Tensor,
    sum_dy_xmu: Tensor,
    counts: Tensor,
) -> Tensor:
    """``aten::batch_norm_backward_elemt``: the input's gradient, from the sums of all ranks."""
    total = counts.sum()
    shift = _spread(sum_dy / total, x)
    slope = _spread(invstd.square() * sum_dy_xmu / total, x)
    gradient = _widened(grad_out) - shift - (_widened(x) - _spread(mean, x)) * slope
    scale = invstd if weight is None else invstd * weight
    return (gradient * _spread(scale, x)).to(x.dtype)


def _follow(
    running_mean: Tensor | None,
    running_var: Tensor | None,
    momentum: float,
    mean: Tensor,
    squares: Tensor,
    total: Tensor,
) -> None:
    with torch.no_grad():
        if running_mean is not None:
            running_mean.lerp_(mean.to(running_mean.dtype), momentum)
        if running_var is not None:
            running_var.lerp_((squares / (total - 1)).to(running_var.dtype), momentum)


def _widened(x: Tensor) -> Tensor:
    return x.float() if x.dtype in {torch.float16, torch.bfloat16} else x


def _all_but_channels(x: Tensor) -> list[int]:
    return [dim for dim in range(x.dim()) if dim != 1]


def _spread(channels: Tensor, x: Tensor) -> Tensor:
    return channels.view(1, -1, *[1] * (x.dim() - 2))


PROVIDED: Final[dict[str, Callable[..., Any]]] = {
    "aten::batch_norm_backward_elemt": backward_elements,
    "aten::batch_norm_backward_reduce": backward_reduce,
    "aten::batch_norm_elemt": normalise,
    "aten::batch_norm_gather_stats_with_counts": gather_stats,
    "aten::batch_norm_stats": stats,
    "npu::batch_norm_gather_stats_update": gather_sums,
    "npu::batch_norm_reduce": reduce_sums,
}
