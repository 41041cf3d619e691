"""The published `ray-ascend` 0.1.1, with the defect of its receiver repaired at run time.

As released, a receiver on the CPU gets memory that nobody has written: the decoded tensors are put
into a slice of the list, which is a copy of it. Here they are put into the list. Nothing else
changes, and nothing on disk.
"""

from __future__ import annotations

import importlib
from collections.abc import MutableSequence, Sequence
from typing import Any


def register() -> None:
    """Make the repaired transport known in this process; the driver first."""
    package = importlib.import_module("ray_ascend")
    adapter = importlib.import_module("ray_ascend.direct_transport.yr_tensor_transport_util")
    adapter.CPUClientAdapter.get = _get
    package.register_yr_tensor_transport(["cpu"])


def clean_up() -> None:
    """Stop its worker; in the driver."""
    importlib.import_module("ray_ascend.utils").cleanup_yr_resources()


def _get(adapter: Any, keys: Sequence[str], tensors: MutableSequence[Any]) -> None:
    step = adapter.MAX_KEYS_PER_BATCH
    for begin in range(0, len(keys), step):
        part = list(tensors[begin : begin + step])
        adapter._get_batch(keys[begin : begin + step], part)  # noqa: SLF001 - what is repaired
        tensors[begin : begin + step] = part
