"""Whether this process, and what it starts, has NPUs that torch can use."""

from __future__ import annotations

import ctypes
import importlib.util
from typing import Final

LEAST: Final = 4
"""So many NPUs the clauses about devices need."""
_LEAST: Final = {"npu": LEAST, "transfer-npu": 8}
"""The clauses about transfers have up to seven actors, and the driver."""


def count() -> int:
    """Return how many NPUs the CANN of this process has; 0 without CANN or without torch_npu."""
    if importlib.util.find_spec("torch_npu") is None:
        return 0
    found = ctypes.c_uint32()
    try:
        failed = ctypes.CDLL("libascendcl.so").aclrtGetDeviceCount(ctypes.byref(found))
    except OSError:
        return 0
    return 0 if failed else found.value


def capabilities() -> frozenset[str]:
    """Return "npu" and "transfer-npu" if there are NPUs enough for them."""
    found = count()
    return frozenset(name for name, least in _LEAST.items() if found >= least)
