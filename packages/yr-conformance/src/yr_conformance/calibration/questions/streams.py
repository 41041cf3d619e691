"""Questions about streams: without an end, destroyed, of another NPU, and how many."""

from __future__ import annotations

import ctypes
import time
from typing import Final

from yr_conformance.calibration.cann import HOST_TO_DEVICE, Cann
from yr_conformance.calibration.question import (
    DOCUMENTED,
    GUESS,
    NUMBER,
    STATUS,
    Status,
    question,
)

LIMIT_MS: Final = 500
MOST: Final = 4096
_SYNCHRONIZE: Final = "aclrtSynchronizeStreamWithTimeout"


@question("acl.stream.time-out", STATUS, DOCUMENTED, calibrates=Status(_SYNCHRONIZE))
def time_out(cann: Cann) -> int:
    """Which status has synchronising, for 500 ms at most, a stream that never ends?"""
    cann.open()
    return cann.status(_SYNCHRONIZE, cann.endless_stream(), LIMIT_MS)


@question("acl.stream.time-out-after", NUMBER, DOCUMENTED, unit="s", tolerance=0.4)
def time_out_after(cann: Cann) -> float:
    """After how long does synchronising a stream that never ends return, with a limit of 0.5 s?"""
    cann.open()
    stream = cann.endless_stream()
    begun = time.monotonic()
    cann.status(_SYNCHRONIZE, stream, LIMIT_MS)
    return round(time.monotonic() - begun, 2)


@question("acl.stream.destroyed", STATUS, GUESS, calibrates=Status(_SYNCHRONIZE, "no-stream"))
def destroyed(cann: Cann) -> int:
    """Which status has synchronising a stream that was destroyed?"""
    cann.open()
    stream = cann.stream()
    cann.must("aclrtDestroyStream", stream)
    return cann.status(_SYNCHRONIZE, stream, LIMIT_MS)


@question(
    "acl.stream.destroyed-twice",
    STATUS,
    GUESS,
    calibrates=Status("aclrtDestroyStream", "no-stream"),
)
def destroyed_twice(cann: Cann) -> int:
    """Which status has aclrtDestroyStream of a stream that was destroyed?"""
    cann.open()
    stream = cann.stream()
    cann.must("aclrtDestroyStream", stream)
    return cann.status("aclrtDestroyStream", stream)


@question("acl.stream.destroyed-with-work", STATUS, GUESS, calibrates=Status("aclrtDestroyStream"))
def destroyed_with_work(cann: Cann) -> int:
    """Which status has aclrtDestroyStream of a stream that never ends?"""
    cann.open()
    return cann.status("aclrtDestroyStream", cann.endless_stream())


@question("acl.stream.of-another-npu", STATUS, GUESS, calibrates=Status("aclrtMemcpyAsync"), npus=2)
def of_another_npu(cann: Cann) -> int:
    """Which status has a copy to the thread's NPU in a stream of another NPU?"""
    cann.open(device=1)
    stream = cann.stream()
    cann.must("aclrtSetDevice", 0)
    host = ctypes.create_string_buffer(8)
    to = cann.malloc(8)
    return cann.status("aclrtMemcpyAsync", to, 8, host, 8, HOST_TO_DEVICE, stream)


@question("acl.stream.how-many", NUMBER, GUESS, unit="streams")
def how_many(cann: Cann) -> int:
    """How many streams, of 4096, can a process have at once?"""
    cann.open()
    stream = ctypes.c_void_p()
    for made in range(MOST):
        if cann.status("aclrtCreateStream", ctypes.byref(stream)):
            return made
    return MOST
