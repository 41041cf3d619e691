"""The trace id under which the datasystem logs what is done for an object.

    object 7d3c5f04a1b26e98 c9a8...(16 digits) 01000000 02000000      as Ray writes it
           its task's own                      the job  which of the task's objects
    trace  7d3c5f04a1b26e98-01000000-02000000

Source and receivers of an object set the same one, and the SDK sends it along: it is in the access
logs of their clients and of each worker that takes part, and in the texts of errors (measured on
openyuanrong-datasystem 0.8.1, which appends `;` and 12 digits of the call).
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable
from types import TracebackType
from typing import Final, final

from ray_ascend.store.sdk import sdk_module

_VARIABLE: Final = "RAY_ASCEND_TRACE"
_NOT_IN_TRACE_IDS = re.compile(r"[^0-9A-Za-z_-]")


@final
class Trace:
    """Names the object for which a block calls the SDK, in the thread of the block.

    The SDK does not tell what a thread's trace id was before; after the block it has none. Where
    that is unwelcome, `RAY_ASCEND_TRACE=0` in the environment of a process leaves trace ids alone.
    """

    __slots__ = ("_id",)

    def __init__(self, object_id: str) -> None:
        self._id = trace_id_of(object_id)

    def __enter__(self) -> None:
        _setter()(self._id)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _setter()("")


def trace_id_of(object_id: str) -> str:
    """Give the trace id of an object; at most 34 of the 35 characters that the SDK takes."""
    task, job, index = object_id[:16], object_id[40:48], object_id[48:56]
    return _NOT_IN_TRACE_IDS.sub("_", f"{task}-{job}-{index}")


@functools.cache
def _setter() -> Callable[[str], None]:
    if os.environ.get(_VARIABLE, "").strip() == "0":
        return lambda _: None
    set_trace_id: Callable[[str], None] = sdk_module().Context.set_trace_id
    return set_trace_id
