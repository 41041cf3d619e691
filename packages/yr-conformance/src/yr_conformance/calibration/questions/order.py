"""Questions about order: which of two things comes first."""

from __future__ import annotations

import ctypes
from typing import Final

from yr_conformance.calibration.cann import DEVICE_TO_HOST, HOST_TO_DEVICE, Cann
from yr_conformance.calibration.question import DOCUMENTED, GUESS, ORDER, question

BIG: Final = 64 << 20
LIMIT_MS: Final = 20_000


@question("acl.order.call-and-copy", ORDER, GUESS)
def call_and_copy(cann: Cann) -> str:
    """Which ends first: aclrtMemcpyAsync of 64 MiB of pinned memory, or its copy?"""
    cann.open()
    stream, event = cann.stream(), cann.made("aclrtCreateEvent")
    host, device = cann.made("aclrtMallocHost", BIG), cann.malloc(BIG)
    cann.must("aclrtMemcpyAsync", device, BIG, host, BIG, HOST_TO_DEVICE, stream)
    cann.must("aclrtRecordEvent", event, stream)
    state = ctypes.c_int32(-1)
    cann.must("aclrtQueryEventStatus", event, ctypes.byref(state))
    return "the copy, the call" if state.value == 1 else "the call, the copy"


@question("acl.order.copy-and-waiting-stream", ORDER, DOCUMENTED)
def copy_and_waiting_stream(cann: Cann) -> str:
    """Which comes first: a copy before an event, or one of the stream that waits for the event?"""
    cann.open()
    writing, reading, event = cann.stream(), cann.stream(), cann.made("aclrtCreateEvent")
    host, device = cann.made("aclrtMallocHost", BIG), cann.malloc(BIG)
    result = cann.made("aclrtMallocHost", 1)
    ctypes.memset(host, 7, BIG)
    cann.must("aclrtMemcpyAsync", device, BIG, host, BIG, HOST_TO_DEVICE, writing)
    cann.must("aclrtRecordEvent", event, writing)
    cann.must("aclrtStreamWaitEvent", reading, event)
    cann.must("aclrtMemcpyAsync", result, 1, device + BIG - 1, 1, DEVICE_TO_HOST, reading)
    cann.must("aclrtSynchronizeStreamWithTimeout", reading, LIMIT_MS)
    return "written, read" if ctypes.string_at(result, 1) == b"\7" else "read, written"


@question("acl.order.other-streams-and-default", ORDER, GUESS)
def other_streams_and_default(cann: Cann) -> str:
    """Does the default stream wait for a stream that never ends?"""
    cann.open()
    cann.endless_stream()
    to, host = cann.malloc(8), cann.made("aclrtMallocHost", 8)
    cann.must("aclrtMemcpyAsync", to, 8, host, 8, HOST_TO_DEVICE, None)
    waits = cann.status("aclrtSynchronizeStreamWithTimeout", None, 500)
    return "the default stream waits" if waits else "the default stream does not wait"


@question("acl.order.other-streams-and-copy", ORDER, GUESS)
def other_streams_and_copy(cann: Cann) -> str:
    """Does aclrtMemcpy, which the host waits for, wait for a stream that never ends?"""
    cann.open()
    cann.endless_stream()
    host = ctypes.create_string_buffer(8)
    cann.must("aclrtMemcpy", cann.malloc(8), 8, ctypes.addressof(host), 8, HOST_TO_DEVICE)
    return "aclrtMemcpy does not wait"
