"""The tensors that travel: made once, told apart by their values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

_DIFFERENT = 251


def made(count: int, elements: int) -> list[torch.Tensor]:
    """Make tensors of which each is full of a number of its own."""
    return [torch.full((elements,), _value(index)) for index in range(count)]


def has_arrived(tensors: Sequence[Any], count: int, elements: int) -> bool:
    """Tell whether these are the tensors that were made, every value compared."""
    if len(tensors) != count:
        return False
    return all(
        len(one) == elements and bool((np.asarray(one) == _value(index)).all())
        for index, one in enumerate(tensors)
    )


def read_little(tensors: Sequence[Any]) -> float:
    """Read one element of the first and one of the last tensor."""
    return float(tensors[0][0]) + float(tensors[-1][-1])


def read_all(tensors: Sequence[Any]) -> float:
    """Read every element."""
    return sum(float(one.sum()) for one in tensors)


def _value(index: int) -> float:
    return float(index % _DIFFERENT + 1)
