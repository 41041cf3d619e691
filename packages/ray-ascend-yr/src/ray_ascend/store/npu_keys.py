"""Names of an NPU object's keys, from which a ledger's reader tells NPU memory from values."""

from __future__ import annotations

_SUFFIX = "-npu"


def npu_key(key: str) -> str:
    """Name the NPU memory of an object: device memory and values have key spaces of their own."""
    return f"{key}{_SUFFIX}"


def is_npu_key(key: str) -> bool:
    """Tell whether a key names NPU memory."""
    return key.endswith(_SUFFIX)


def host_key(key: str) -> str:
    """Key of the copy in host memory that is made when a receiver cannot read the NPU itself."""
    return f"{key}-host"
