"""Normalising layers, gates, losses and sampling: a few aten operators each."""

import math
from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional

from yr_fake_cann.errors import NotEmulatedError


def group_norm_silu(
    x: Tensor, weight: Tensor | None, bias: Tensor | None, group: int, eps: float = 1e-5
) -> tuple[Tensor, Tensor, Tensor]:
    """``npu_group_norm_silu``: silu of the norm by groups, and mean and 1/deviation of each."""
    groups = x.float().reshape(x.size(0), group, math.prod(x.shape[1:]) // group)
    mean = groups.mean(-1)
    variance = (groups - mean.unsqueeze(-1)).square().mean(-1)
    normalised = functional.group_norm(x.float(), group, _wide(weight), _wide(bias), eps)
    dtype = x.dtype if weight is None else weight.dtype
    rstd = torch.rsqrt(variance + eps)
    return functional.silu(normalised).to(x.dtype), mean.to(dtype), rstd.to(dtype)


def deep_norm(
    x: Tensor,
    gx: Tensor,
    beta: Tensor,
    gamma: Tensor,
    alpha: float = 0.3,
    epsilon: float = 1e-6,
) -> tuple[Tensor, Tensor, Tensor]:
    """``npu_deep_norm``: mean, 1/deviation and the norm of alpha x + gx."""
    total = alpha * x.float() + gx.float()
    dims = list(range(-gamma.dim(), 0))
    variance, mean = torch.var_mean(total, dims, correction=0, keepdim=True)
    rstd = torch.rsqrt(variance + epsilon)
    result = (total - mean) * rstd * gamma.float() + beta.float()
    return mean, rstd, result.to(x.dtype)


def geglu(
    x: Tensor, dim: int = -1, approximate: int = 1, activate_left: bool = False
) -> tuple[Tensor, Tensor]:
    """``npu_geglu``: one half times gelu of the other, the second unless told; and that gelu."""
    left, right = x.float().chunk(2, dim)
    value, gate = (right, left) if activate_left else (left, right)
    activated = functional.gelu(gate, approximate="tanh" if approximate else "none")
    return (value * activated).to(x.dtype), activated.to(x.dtype)


def cross_entropy_loss(
    x: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    lse_square_scale_for_zloss: float = 0.0,
    return_zloss: bool = False,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """``npu_cross_entropy_loss``: the loss, [1] if reduced, and the logarithms of probabilities.

    Losses of the partition function are not there on hardware either; their results are zeros.
    """
    if return_zloss or lse_square_scale_for_zloss:
        raise NotEmulatedError("torch_npu.npu_cross_entropy_loss with a z-loss")
    loss = functional.cross_entropy(
        x.float(),
        target,
        _wide(weight),
        ignore_index=ignore_index,
        reduction=reduction,
        label_smoothing=label_smoothing,
    )
    shaped = loss if reduction == "none" else loss.view(1)
    logarithms = x.float().log_softmax(-1).to(x.dtype)
    return shaped.to(x.dtype), logarithms, x.new_zeros(shaped.shape), x.new_zeros(x.size(0))


def top_k_top_p(logits: Tensor, p: Tensor | None = None, k: Tensor | None = None) -> Tensor:
    """``npu_top_k_top_p``: -inf for all but the k largest, and but the most probable that sum to p.

    The largest stays in any case, and so do all that equal the k-th.
    """
    values, order = logits.sort(-1)
    if k is not None:
        last = (logits.size(-1) - k.long()).clamp(0, logits.size(-1) - 1).unsqueeze(-1)
        values = values.masked_fill(values < values.gather(-1, last), -torch.inf)
    if p is not None:
        unlikely = values.float().softmax(-1).cumsum(-1) <= 1 - p.float().unsqueeze(-1)
        unlikely[..., -1] = False
        values = values.masked_fill(unlikely, -torch.inf)
    return torch.empty_like(values).scatter(-1, order, values)


def _wide(tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None else tensor.float()


PROVIDED: Final[dict[str, Callable[..., Any]]] = {
    "npu::npu_cross_entropy_loss": cross_entropy_loss,
    "npu::npu_deep_norm": deep_norm,
    "npu::npu_geglu": geglu,
    "npu::npu_group_norm_silu": group_norm_silu,
    "npu::npu_top_k_top_p": top_k_top_p,
}
