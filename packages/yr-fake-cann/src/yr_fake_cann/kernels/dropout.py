"""Dropout: torch's CPU kernel draws from the CPU's generator, so the device has its own."""

import torch
from torch import Tensor


def native_dropout(source: Tensor, p: float, train: bool | None) -> tuple[Tensor, Tensor]:
    """Return what is kept, scaled, and its mask; the kernel of ``aten::native_dropout``."""
    if train is False:
        return source.clone(), torch.ones_like(source, dtype=torch.bool)
    mask = torch.empty_like(source, dtype=torch.bool).bernoulli_(1 - p)
    scale = 0.0 if p == 1 else 1 / (1 - p)
    return source * mask * scale, mask
