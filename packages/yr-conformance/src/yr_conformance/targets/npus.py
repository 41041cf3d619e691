"""Whether this process, and what it starts, has NPUs that torch can use."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.metadata
import importlib.util
import pathlib
from typing import Final

LEAST: Final = 4
"""So many NPUs the clauses about devices need."""
_CANN: Final = "libascendcl.so"
_EMULATION: Final = "libyr_fake_cann.so"
_LEAST: Final = {"npu": LEAST, "transfer-npu": 8}
"""The clauses about transfers have up to seven actors, and the driver."""


_OLDEST_RAY_WITH_GROUPS: Final = (2, 56)


def count() -> int:
    """Return how many NPUs the CANN of this process has; 0 without CANN or without torch_npu."""
    if importlib.util.find_spec("torch_npu") is None:
        return 0
    found = ctypes.c_uint32()
    try:
        failed = ctypes.CDLL(_CANN).aclrtGetDeviceCount(ctypes.byref(found))
    except OSError:
        return 0
    return 0 if failed else found.value


def missing() -> str:
    """Say why `count` finds none: which of torch_npu, CANN and devices there is not."""
    if importlib.util.find_spec("torch_npu") is None:
        return "torch_npu is not installed"
    try:
        ctypes.CDLL(_CANN)
    except OSError as error:
        return f"CANN cannot be loaded ({error})"
    return "CANN counts no device"


def is_emulated() -> bool:
    """Whether the CANN of this process is yr-fake-cann's: its library brings a second one along."""
    with contextlib.suppress(OSError):
        ctypes.CDLL(_CANN)
    maps = pathlib.Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")
    return _EMULATION in maps


def capabilities() -> frozenset[str]:
    """Return "npu" and "transfer-npu" if there are NPUs enough, and "hccl" if Ray is new enough."""
    found = count()
    able = {name for name, least in _LEAST.items() if found >= least}
    if "npu" in able and _ray_has_groups():
        able.add("hccl")
    return frozenset(able)


def _ray_has_groups() -> bool:
    """Whether Ray's collective groups take a backend that it does not bring: from 2.56 on."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        major, minor, *_ = importlib.metadata.version("ray").split(".")
        return (int(major), int(minor)) >= _OLDEST_RAY_WITH_GROUPS
    return False
