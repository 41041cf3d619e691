"""Attention for training: random heads, what torch makes of them, and what the operator does."""

from typing import Any, Final

import torch
import torch_npu
from torch.nn import functional

BATCH, HEADS, QUERIES, KEYS, WIDTH = 2, 4, 6, 9, 8
SCALE: Final = WIDTH**-0.5
COMPRESSED: Final = torch.ones(2048, 2048, dtype=torch.bool).triu(1)
# What the last query sees furthest to the right of the diagonal from the upper left.
RIGHT: Final = KEYS - QUERIES

# TND: the lengths of queries and keys of three sequences, and where they end.
LENGTHS: Final = ((3, 4), (0, 2), (5, 6))
ENDS: Final = ([3, 3, 8], [4, 6, 12])
VARLEN: Final = {
    "actual_seq_qlen": ENDS[0],
    "actual_seq_kvlen": ENDS[1],
    "input_layout": "TND",
}


def heads(count: int, length: int, width: int = WIDTH) -> torch.Tensor:
    """Return random heads of a batch, [B, N, S, D]."""
    return torch.randn(BATCH, count, length, width)


def reference(*tensors: torch.Tensor, seen: torch.Tensor | None = None) -> torch.Tensor:
    """Return torch's attention of [B, N, S, D] heads in float64, with what each query sees."""
    query, key, value = (x.double() for x in tensors)
    group = query.size(-3) // key.size(-3)
    key, value = (x.repeat_interleave(group, -3) for x in (key, value))
    return functional.scaled_dot_product_attention(query, key, value, attn_mask=seen, scale=SCALE)


def fused(device: torch.device, *tensors: torch.Tensor, **options: Any) -> tuple[Any, ...]:
    """Return what the operator gives for tensors in BNSD."""
    placed = {n: v.to(device) if isinstance(v, torch.Tensor) else v for n, v in options.items()}
    settings = {"head_num": HEADS, "input_layout": "BNSD", "scale": SCALE} | placed
    result: tuple[Any, ...] = torch_npu.npu_fusion_attention(
        *(x.to(device) for x in tensors), **settings
    )
    return result


def close(ours: torch.Tensor, theirs: torch.Tensor) -> None:
    """Raise AssertionError unless a device's result is another's, or a reference's."""
    torch.testing.assert_close(ours.cpu().double(), theirs.cpu().double(), rtol=1e-5, atol=1e-5)


def distance(rows: int, columns: int) -> torch.Tensor:
    """Return how far each key is to the right of the diagonal from the upper left."""
    return torch.arange(columns) - torch.arange(rows).unsqueeze(1)


def packed(count: int, which: int) -> torch.Tensor:
    """Return random heads of all sequences, [T, N, D]."""
    return torch.randn(sum(lengths[which] for lengths in LENGTHS), count, WIDTH)
