"""Turn the SDK's exceptions into this package's errors.

The SDK raises RuntimeError for everything and carries no error code; the only stable parts are the
name in `code: [..]` and fixed words of the text (measured on openyuanrong-datasystem 0.8.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from ray_ascend.errors import (
    ObjectLostError,
    StoreFullError,
    StoreUnavailableError,
    TransferError,
)

_CODE = re.compile(r"code: \[([^\]]*)\]")
_UNREACHABLE = frozenset(
    {
        "RPC unavailable",
        "RPC deadline exceeded",
        "RPC cancelled",
        "Not ready",
        "Client and Worker disconnect",
        "The worker timeout",
        "The worker status is abnormal",
        "The worker is exiting",
        "The master may timeout/dead",
        "The client timeout",
        "Shutting down",
        "Buffer deprecated",
        "Try again",
        "The cluster is scaling",
    }
)
# Datasystem 0.8.0 calls a runtime error what is "Buffer deprecated" from 0.8.1 on: a buffer whose
# worker was started again (the fake's profiles, as measured).
_STALE_BUFFER = "The buffer is useless"


def status_name(error: BaseException) -> str:
    """Give the status name inside an SDK exception, or an empty string."""
    match = _CODE.search(str(error))
    return match.group(1) if match else ""


def transfer_error(error: RuntimeError, key: str, size: int = 0) -> TransferError:
    """Describe an SDK exception about `key` (and the `size` in bytes that was being stored)."""
    name, text = status_name(error), str(error)
    # One time in three a full pool is reported as "RPC unavailable", with the cause in the text.
    if name == "Out of memory" or "Out of memory" in text:
        return StoreFullError(
            f"the datasystem worker has no room for {size} bytes (key {key!r}); raise "
            "--shared_memory_size_mb in YR_DS_WORKER_ARGS or drop references to older objects: "
            f"{text}",
            key,
            name,
        )
    if name == "Key not found" or "no object copy exists" in text:
        return ObjectLostError(
            f"the object with key {key!r} is not in the datasystem: it was freed, its source actor "
            f"died, or the worker was restarted: {text}",
            key,
            name,
        )
    if name in _UNREACHABLE or _STALE_BUFFER in text:
        return StoreUnavailableError(
            f"the datasystem worker of this node does not answer (key {key!r}): {text}", key, name
        )
    return TransferError(f"the datasystem refused the operation on key {key!r}: {text}", key, name)


@contextmanager
def classified(key: str, size: int = 0) -> Iterator[None]:
    """Raise what the SDK raises in the block as one of this package's errors."""
    try:
        yield
    except RuntimeError as error:
        raise transfer_error(error, key, size) from error
