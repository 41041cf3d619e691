"""Attention over parts of the keys becomes attention over all of them, from what each part gave."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any, Final

import torch
from torch import Tensor

from yr_fake_cann.errors import NotEmulatedError
from yr_fake_cann.kernels.fused.attention_layout import join_heads


def attention_update(
    lse: Sequence[Tensor], local_out: Sequence[Tensor], update_type: int
) -> tuple[Tensor, Tensor]:
    """``npu_attention_update``: results [T, D] weighed by the logarithms of their sums [T]."""
    sums = torch.stack(list(lse)).float()
    total = sums.logsumexp(0)
    weights = (sums - total).exp().unsqueeze(-1)
    merged = (torch.stack(list(local_out)).float() * weights).sum(0).to(local_out[0].dtype)
    return merged, total if update_type == 1 else torch.zeros_like(total)


def ring_attention_update(
    prev_attn_out: Tensor,
    prev_softmax_max: Tensor,
    prev_softmax_sum: Tensor,
    cur_attn_out: Tensor,
    cur_softmax_max: Tensor,
    cur_softmax_sum: Tensor,
    *,
    actual_seq_qlen: Tensor | None = None,
    input_layout: str = "SBH",
    input_softmax_layout: str = "",
) -> tuple[Tensor, Tensor, Tensor]:
    """``npu_ring_attention_update``: two results, with the statistics of training."""
    maximum = torch.maximum(prev_softmax_max, cur_softmax_max)
    before = prev_softmax_sum * (prev_softmax_max - maximum).exp()
    now = cur_softmax_sum * (cur_softmax_max - maximum).exp()
    total = before + now
    shares = [
        _spread(share / total, prev_attn_out, actual_seq_qlen, input_layout, input_softmax_layout)
        for share in (before, now)
    ]
    merged = prev_attn_out.float() * shares[0] + cur_attn_out.float() * shares[1]
    return merged.to(prev_attn_out.dtype), maximum, total


def _spread(
    shares: Tensor, like: Tensor, ends: Tensor | None, layout: str, statistics_layout: str
) -> Tensor:
    """Return a share for each element of a result, from one, eightfold, for each query and head."""
    if layout == "SBH":
        heads = shares[..., :1]
        width = like.size(-1) // heads.size(1)
        return join_heads(heads.expand(*heads.shape[:3], width), layout)
    if layout != "TND":
        raise NotEmulatedError(f"torch_npu.npu_ring_attention_update with input_layout={layout}")
    if statistics_layout == "TND":
        return shares[..., :1]
    limits = ends.tolist() if ends is not None else [0, like.size(0)]
    parts = [
        shares[start:end, :, 0].reshape(like.size(1), end - start).t()
        for start, end in itertools.pairwise(limits)
    ]
    return torch.cat(parts).unsqueeze(-1)


PROVIDED: Final[dict[str, Callable[..., Any]]] = {
    "npu::npu_attention_update": attention_update,
    "npu::npu_ring_attention_update": ring_attention_update,
}
