"""Fingerprints: what a clause compares, so that values seen in another process can be judged here.

A tensor that an actor received is not sent to the test by any tensor transport; the actor sends
this record instead, as an ordinary value. Two fingerprints are equal when every byte is, NaNs
included.
"""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

import torch

_SHOWN = 4


@dataclasses.dataclass(frozen=True)
class Fingerprint:
    """Shape, dtype, kind of device and content of a tensor; `first` makes failures readable.

    The device has no number: each process counts its own.
    """

    shape: tuple[int, ...]
    dtype: str
    device: str
    first: tuple[str, ...]
    sha256: str


def fingerprint(value: Any) -> Any:
    """Replace every tensor in nested lists, tuples and dicts by its `Fingerprint`.

    Called in the test and, through an actor's plain method, in the process that holds the value.
    """
    if isinstance(value, torch.Tensor):
        return _of_tensor(value)
    if isinstance(value, dict):
        return {key: fingerprint(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(fingerprint(item) for item in value)
    return value


def raw_bytes(tensor: torch.Tensor) -> torch.Tensor:
    """Return the elements in row-major order as a new one-dimensional uint8 tensor of the host."""
    plain = tensor.detach().cpu().resolve_conj().resolve_neg()
    return plain.clone(memory_format=torch.contiguous_format).reshape(-1).view(torch.uint8)


def _of_tensor(tensor: torch.Tensor) -> Fingerprint:
    content = raw_bytes(tensor)
    return Fingerprint(
        shape=tuple(tensor.shape),
        dtype=str(tensor.dtype),
        device=tensor.device.type,
        first=tuple(f"{byte:02x}" for byte in content[: _SHOWN * tensor.element_size()].tolist()),
        sha256=hashlib.sha256(content.numpy().data).hexdigest(),
    )
