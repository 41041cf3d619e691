"""Payloads: functions that an actor runs to make tensors, and dtypes to make them of.

They are made on the default device of the thread. Content is pseudo-random and seeded, so that a
test can make the same tensor again and compare, and so that memory nobody wrote to never looks
right by accident.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

INTEGERS = (
    *("bool", "uint8", "int8", "int16", "int32", "int64"),
    *("uint16", "uint32", "uint64"),
)
FLOATS = ("float16", "bfloat16", "float32", "float64")
SMALL_FLOATS = (
    *("float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz"),
    *("float8_e8m0fnu", "float4_e2m1fn_x2"),
)
COMPLEX = ("complex32", "complex64", "complex128")
SENTINEL = -77.0


def random_bytes(shape: Sequence[int], dtype: str = "float32", seed: int = 0) -> torch.Tensor:
    """Return a tensor whose every bit is drawn; NaNs and infinities occur."""
    kind: torch.dtype = getattr(torch, dtype)
    elements = torch.Size(shape).numel()
    source = torch.Generator("cpu").manual_seed(seed)
    if kind is torch.bool:
        truths = torch.randint(0, 2, tuple(shape), generator=source, device="cpu")
        return truths.to(torch.bool).to(torch.get_default_device())
    count = (elements * kind.itemsize,)
    drawn = torch.randint(0, 256, count, dtype=torch.uint8, generator=source, device="cpu")
    return drawn.view(kind).reshape(tuple(shape)).to(torch.get_default_device())


def empty(shape: Sequence[int], dtype: str) -> torch.Tensor:
    """Return a tensor of a shape that holds no element."""
    return torch.empty(tuple(shape), dtype=getattr(torch, dtype))


def ramp(count: int, start: float = 0.0) -> torch.Tensor:
    """Return `start, start + 1, ...` as float32."""
    return torch.arange(start, start + count, dtype=torch.float32)


def many(count: int, elements: int = 4) -> list[torch.Tensor]:
    """Return `count` tensors, each with content of its own."""
    return list(ramp(count * elements).reshape(count, elements).clone().unbind())


def big(mebibytes: int, seed: int = 0) -> torch.Tensor:
    """Return a tensor of so many MiB, cheap to make and without a repeated page."""
    words = mebibytes * 2**20 // 8
    return torch.arange(seed, seed + words, dtype=torch.int64)


def filled(mebibytes: int, value: int) -> torch.Tensor:
    """Return a tensor of so many MiB that is cheapest to make: one value everywhere."""
    return torch.full((mebibytes * 2**17,), value, dtype=torch.int64)


def give(value: Any) -> Any:
    """Return the argument: a transfer of what the caller made."""
    return value


def overwrite(*tensors: torch.Tensor) -> None:
    """Write the sentinel into every element, as a careless receiver does."""
    for tensor in tensors:
        tensor.fill_(SENTINEL)


def addresses(*tensors: torch.Tensor) -> list[int]:
    """Return where each tensor's first element is."""
    return [tensor.data_ptr() for tensor in tensors]
