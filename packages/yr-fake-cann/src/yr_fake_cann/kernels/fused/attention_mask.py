"""Which pairs of a query and a key take no part, from a mask, a sparse mode and a band.

A mask holds 1, or True, for what takes no part. Without a mask everything takes part, whatever the
mode. Modes 2, 3, 4 and 6 to 8 compute the pattern from the positions and take a constant mask: its
shape is checked, what it holds is not looked at.

    0  the mask, and a band of pre_tokens and next_tokens around the diagonal from the upper left
    1  the mask                           5  the mask
    2  causal, from the upper left        3  causal, from the lower right
    4  a band, from the lower right       6  as 3, but the first `prefix` keys take part
    7  as 3, the last sequence as 4       8  as 2, the first sequence as 4
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

CONSTANT: Final = (2048, 2048)
"""The last two dimensions of a mask whose pattern the mode computes."""
_COMPRESSED: Final = {**dict.fromkeys((2, 3, 4, 7, 8), CONSTANT), 6: (3072, 2048)}


@dataclass(frozen=True)
class Sparsity:
    """A mode, and what it reads; tokens are counted from the diagonal."""

    mode: int = 0
    pre_tokens: int = 2147483647
    next_tokens: int = 2147483647


def shape_fault(mask: Tensor, mode: int, queries: int, keys: int) -> str | None:
    """Return what is wrong with the shape of a mask of training, or nothing."""
    expected = _COMPRESSED.get(mode, (queries, keys))
    if tuple(mask.shape[-2:]) == expected:
        return None
    return (
        f"atten_mask of sparse_mode {mode} ends in {expected[0]} x {expected[1]}, "
        f"not in {' x '.join(map(str, mask.shape[-2:]))}"
    )


def hidden(mask: Tensor, sparsity: Sparsity, queries: int, keys: int) -> Tensor:
    """Return a boolean tensor [..., queries, keys], True for what takes no part.

    Of a mask that is larger, the upper left part is read.
    """
    distance = distances(queries, keys, mask.device)
    last = keys - queries
    match sparsity.mode:
        case 0:
            band = _outside(distance, sparsity.pre_tokens, sparsity.next_tokens)
            return mask[..., :queries, :keys].bool() | band
        case 2:
            return distance > 0
        case 3:
            return distance > last
        case 4:
            return _outside(distance - last, sparsity.pre_tokens, sparsity.next_tokens)
        case _:
            return mask[..., :queries, :keys].bool()


def with_prefix(queries: int, keys: int, prefix: list[int], device: torch.device) -> Tensor:
    """Return what mode 6 hides, [B, 1, queries, keys]."""
    later = distances(queries, keys, device) > keys - queries
    column = torch.arange(keys, device=device)
    first = torch.tensor(prefix, device=device).view(-1, 1, 1, 1)
    return later & (column >= first)


def distances(queries: int, keys: int, device: torch.device) -> Tensor:
    """Return how far each key is to the right of the diagonal, [queries, keys]."""
    rows = torch.arange(queries, device=device).unsqueeze(1)
    return torch.arange(keys, device=device) - rows


def _outside(distance: Tensor, before: int, after: int) -> Tensor:
    return (distance > after) | (distance < -before)
