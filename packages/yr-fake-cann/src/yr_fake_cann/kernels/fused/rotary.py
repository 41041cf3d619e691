"""Rotary embeddings of serving code: x cos + rotate(x) sin, in float32 inside."""

from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor

from yr_fake_cann.errors import NotEmulatedError
from yr_fake_cann.kernels.fused.elementwise import rotary_mul


def interleave_rope(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """``npu_interleave_rope``: the even elements first, then the odd ones, as halves."""
    apart = torch.cat((x[..., 0::2], x[..., 1::2]), -1)
    return rotary_mul(apart.float(), cos.float(), sin.float()).to(x.dtype)


def apply_rotary_pos_emb(
    query: Tensor,
    key: Tensor,
    cos: Tensor,
    sin: Tensor,
    layout: str = "BSND",
    rotary_mode: str = "half",
) -> tuple[Tensor, Tensor]:
    """``npu_apply_rotary_pos_emb``: queries and keys, in place."""
    if rotary_mode not in {"half", "interleave"} or layout.upper() not in {"BSND", "TND"}:
        operator = "torch_npu.npu_apply_rotary_pos_emb"
        raise NotEmulatedError(f"{operator} with layout={layout} and rotary_mode={rotary_mode}")
    for x in (query, key):
        x.copy_(rotary_mul(x.float(), cos.float(), sin.float(), rotary_mode))
    return query, key


PROVIDED: Final[dict[str, Callable[..., Any]]] = {
    "npu::npu_apply_rotary_pos_emb": apply_rotary_pos_emb,
    "npu::npu_interleave_rope": interleave_rope,
}
