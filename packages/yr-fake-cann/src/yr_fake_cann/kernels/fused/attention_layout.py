"""Layouts of queries, keys and values: B batch, S sequence, N heads, D head dimension, H = N D.

T is the sum of the sequences' lengths, where each is as long as it is.
"""

import itertools
from collections.abc import Sequence

from torch import Tensor


def split_heads(x: Tensor, layout: str, heads: int) -> Tensor:
    """Return a [B, N, S, D] view of a tensor; one sequence of TND has a batch of 1."""
    match layout:
        case "BNSD":
            return x
        case "BSND":
            return x.transpose(1, 2)
        case "BSH":
            return x.view(*x.shape[:2], heads, x.size(2) // heads).transpose(1, 2)
        case "SBH":
            return x.view(*x.shape[:2], heads, x.size(2) // heads).permute(1, 2, 0, 3)
        case "NTD":
            return x.unsqueeze(0)
        case _:
            return x.transpose(0, 1).unsqueeze(0)


def join_heads(x: Tensor, layout: str) -> Tensor:
    """Return a [B, N, S, D] tensor in a layout; the way back of ``split_heads``."""
    match layout:
        case "BNSD":
            return x
        case "BSND":
            return x.transpose(1, 2)
        case "BSH":
            return x.transpose(1, 2).flatten(2)
        case "SBH":
            return x.permute(2, 0, 1, 3).flatten(2)
        case "NTD":
            return x.squeeze(0)
        case _:
            return x.squeeze(0).transpose(0, 1)


def repeat_heads(heads: Tensor, group: int) -> Tensor:
    """Return keys or values in float32, each head as often as queries share it."""
    return heads.float().unsqueeze(2).expand(-1, -1, group, -1, -1).flatten(1, 2)


def heads_of(x: Tensor, layout: str, head_dimension: int) -> int:
    """Return how many heads a key has whose heads are of a dimension."""
    if layout in {"BSH", "SBH"}:
        return x.size(2) // head_dimension if head_dimension else 0
    return x.size(1) if layout in {"BNSD", "TND"} else x.size(2)


def fault_of_ends(ends: Sequence[int], total: int) -> str:
    """Return what is wrong with cumulative ends of sequences in so many rows, or nothing."""
    filled = [slice_.stop for slice_ in sequences(ends)]
    if any(ends[len(filled) :]):
        return f"the ends of sequences never fall, but by zeros at the end: {list(ends)}"
    if filled and filled[-1] > total:
        return f"the last sequence ends at {filled[-1]}, of {total} rows"
    return ""


def sequences(ends: Sequence[int]) -> list[slice]:
    """Return where sequences lie, from their cumulative ends; zeros after an end name none."""
    steps = itertools.pairwise((0, *ends))
    return [slice(a, b) for a, b in itertools.takewhile(lambda step: step[0] <= step[1], steps)]
