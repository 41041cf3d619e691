"""What the soak transfers: trees of tensors drawn from a seed, and their comparison byte by byte.

Whoever receives a tree draws it again from its seed, so that nothing but the seed travels another
way.
"""

from __future__ import annotations

import random
from typing import Any

import torch

_DTYPES = (
    *(torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.complex64),
    *(torch.int8, torch.uint8, torch.int32, torch.int64, torch.bool),
)
_MOST_BYTES = 2**22
_HUGE_BYTES = 2**25


def tree_of(seed: int) -> Any:
    """Draw a value with tensors at random places in lists, dicts and tuples."""
    drawn = random.Random(seed)  # noqa: S311 - nothing secret
    shape = drawn.choice(("tensor", "list", "dict", "many", "huge"))
    if shape == "tensor":
        return _tensor(drawn)
    if shape == "list":
        return [seed, *(_tensor(drawn) for _ in range(drawn.randint(1, 5)))]
    if shape == "many":
        return [_tensor(drawn, 256) for _ in range(drawn.randint(50, 300))]
    if shape == "huge" and drawn.random() < 0.2:
        return {"huge": _tensor(drawn, _HUGE_BYTES)}
    return {
        "layer": _tensor(drawn),
        "name": f"seed {seed}",
        "nested": ({"a": _tensor(drawn), "b": [_tensor(drawn)]}, None, 1.5),
    }


def tensors_of(seed: int) -> list[torch.Tensor]:
    """Draw a list of tensors, for transfers into buffers that are there already."""
    drawn = random.Random(seed)  # noqa: S311 - nothing secret
    return [_tensor(drawn).contiguous() for _ in range(drawn.randint(1, 4))]


def difference(expected: Any, found: Any, place: str = "value") -> str:
    """Say where two trees differ, or give an empty string."""
    if type(expected) is not type(found):
        return f"{place}: {type(found).__name__} instead of {type(expected).__name__}"
    if isinstance(expected, torch.Tensor):
        return _tensor_difference(expected, found, place)
    if isinstance(expected, dict):
        if list(expected) != list(found):
            return f"{place}: keys {list(found)} instead of {list(expected)}"
        return _first(difference(expected[key], found[key], f"{place}[{key!r}]") for key in found)
    if isinstance(expected, (list, tuple)):
        if len(expected) != len(found):
            return f"{place}: {len(found)} items instead of {len(expected)}"
        pairs = enumerate(zip(expected, found, strict=True))
        return _first(difference(one, other, f"{place}[{at}]") for at, (one, other) in pairs)
    return "" if expected == found else f"{place}: {found!r} instead of {expected!r}"


def _first(problems: Any) -> str:
    return next(filter(None, problems), "")


def _tensor_difference(expected: torch.Tensor, found: torch.Tensor, place: str) -> str:
    if (expected.dtype, expected.shape) != (found.dtype, found.shape):
        return f"{place}: {found.dtype} {found.shape}, not {expected.dtype} {expected.shape}"
    wrong = int((_bytes_of(expected) != _bytes_of(found)).sum())
    return f"{place}: {wrong} bytes of {found.dtype} {found.shape} are wrong" if wrong else ""


def _bytes_of(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.contiguous().reshape(-1).view(torch.uint8)


def _tensor(drawn: random.Random, most_bytes: int = _MOST_BYTES) -> torch.Tensor:
    """Draw every bit of a tensor, whose size in bytes is spread over all orders of magnitude."""
    dtype = drawn.choice(_DTYPES)
    elements = int(most_bytes ** drawn.random()) // dtype.itemsize
    source = torch.Generator().manual_seed(drawn.randrange(2**31))
    top = 2 if dtype is torch.bool else 256
    count = elements * dtype.itemsize
    words = torch.randint(0, top, (count,), dtype=torch.uint8, generator=source).view(dtype)
    if elements % 2 == 0 and drawn.random() < 0.3:
        return words.reshape(2, elements // 2).t()
    return words
