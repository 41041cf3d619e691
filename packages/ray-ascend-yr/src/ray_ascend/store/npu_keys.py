"""Names of an NPU object's keys, from which a ledger's reader tells NPU memory from values."""

from __future__ import annotations

import uuid

_SUFFIX = "-npu"


def npu_key(key: str) -> str:
    """Name the NPU memory of an object: device memory and values have key spaces of their own."""
    return f"{key}{_SUFFIX}"


def is_npu_key(key: str) -> bool:
    """Tell whether a key names NPU memory."""
    return key.endswith(_SUFFIX)


def new_host_key(key: str) -> str:
    """Name a copy in host memory, made for receivers that cannot read the NPU itself.

    Another one each time: the deletion of a copy that failed may still be under way.
    """
    return f"{key}-host-{uuid.uuid4().hex[:8]}"
