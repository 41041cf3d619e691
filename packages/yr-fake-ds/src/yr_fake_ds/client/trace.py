"""The trace id of the call that this thread is making.

`Context.set_trace_id` sets a prefix for the calling thread; every call then carries
``<prefix>;<12 hex>``, or a fresh uuid if there is no prefix (measured on openyuanrong-datasystem
0.8.1). Error texts and the worker's journal show it.
"""

import os
import re
import threading
import uuid
from typing import Final

from yr_fake_ds import errors, texts

MAX_PREFIX_LENGTH: Final = 35

_ALLOWED: Final = re.compile(r"[a-zA-Z0-9~.\-/_!@#%^&*()+=:;]*\Z")


class _Trace(threading.local):
    prefix = ""
    current = ""


_trace = _Trace()


def set_prefix(prefix: str) -> None:
    """Set the prefix of this thread's trace ids; StatusError if it is too long or has bad chars."""
    if not _ALLOWED.match(prefix):
        raise errors.failure(texts.TRACE_ID_ILLEGAL, "")
    if len(prefix.encode()) > MAX_PREFIX_LENGTH:
        raise errors.failure(texts.TRACE_ID_LENGTH, "")
    _trace.prefix = prefix


def begin_call() -> str:
    """Start a call on this thread and return its trace id."""
    prefix = _trace.prefix
    _trace.current = f"{prefix};{os.urandom(6).hex()}" if prefix else str(uuid.uuid4())
    return _trace.current


def current() -> str:
    """Return the trace id of the call that this thread is making or has made last."""
    return _trace.current or begin_call()
