"""Questions about events: not recorded, destroyed, of another NPU."""

from __future__ import annotations

import ctypes

from yr_conformance.calibration.cann import Cann
from yr_conformance.calibration.question import (
    DOCUMENTED,
    GUESS,
    STATUS,
    YES_NO,
    Status,
    question,
)


@question(
    "acl.event.wait-for-unrecorded",
    STATUS,
    GUESS,
    calibrates=Status("aclrtStreamWaitEvent", "never-recorded"),
)
def wait_for_unrecorded(cann: Cann) -> int:
    """Which status has aclrtStreamWaitEvent for an event that was never recorded?"""
    cann.open()
    return cann.status("aclrtStreamWaitEvent", cann.stream(), cann.made("aclrtCreateEvent"))


@question("acl.event.unrecorded-is-complete", YES_NO, DOCUMENTED)
def unrecorded_is_complete(cann: Cann) -> bool:
    """Does aclrtQueryEventStatus call an event of aclrtCreateEvent complete before a recording?"""
    cann.open()
    return _complete(cann, cann.made("aclrtCreateEvent"))


@question("acl.event.capturing-unrecorded-is-complete", YES_NO, GUESS)
def capturing_is_complete(cann: Cann) -> bool:
    """Does it call one of aclrtCreateEventExWithFlag (ACL_EVENT_SYNC) complete then?"""
    cann.open()
    return _complete(cann, cann.made("aclrtCreateEventExWithFlag", 1))


def _complete(cann: Cann, event: int) -> bool:
    state = ctypes.c_int32(-1)
    cann.must("aclrtQueryEventStatus", event, ctypes.byref(state))
    return state.value == 1


@question(
    "acl.event.elapsed-time-of-unrecorded",
    STATUS,
    GUESS,
    calibrates=Status("aclrtEventElapsedTime"),
)
def elapsed_time_of_unrecorded(cann: Cann) -> int:
    """Which status has aclrtEventElapsedTime between two events that were never recorded?"""
    cann.open()
    begin, end = cann.made("aclrtCreateEvent"), cann.made("aclrtCreateEvent")
    return cann.status("aclrtEventElapsedTime", ctypes.byref(ctypes.c_float()), begin, end)


@question(
    "acl.event.record-destroyed", STATUS, GUESS, calibrates=Status("aclrtRecordEvent", "no-event")
)
def record_destroyed(cann: Cann) -> int:
    """Which status has aclrtRecordEvent of an event that was destroyed?"""
    cann.open()
    event = cann.made("aclrtCreateEvent")
    cann.must("aclrtDestroyEvent", event)
    return cann.status("aclrtRecordEvent", event, cann.stream())


@question(
    "acl.event.record-in-destroyed-stream",
    STATUS,
    GUESS,
    calibrates=Status("aclrtRecordEvent", "no-stream"),
)
def record_in_destroyed_stream(cann: Cann) -> int:
    """Which status has aclrtRecordEvent in a stream that was destroyed?"""
    cann.open()
    stream = cann.stream()
    cann.must("aclrtDestroyStream", stream)
    return cann.status("aclrtRecordEvent", cann.made("aclrtCreateEvent"), stream)


@question("acl.event.of-another-npu", STATUS, GUESS, calibrates=Status("aclrtRecordEvent"), npus=2)
def of_another_npu(cann: Cann) -> int:
    """Which status has aclrtRecordEvent of an event of another NPU in a stream of the thread's?"""
    cann.open(device=1)
    event = cann.made("aclrtCreateEvent")
    cann.must("aclrtSetDevice", 0)
    return cann.status("aclrtRecordEvent", event, cann.stream())


@question(
    "acl.event.time-out",
    STATUS,
    DOCUMENTED,
    calibrates=Status("aclrtSynchronizeEventWithTimeout"),
)
def time_out(cann: Cann) -> int:
    """Which status has waiting, for 500 ms at most, for an event behind what never ends?"""
    cann.open()
    event = cann.made("aclrtCreateEvent")
    cann.must("aclrtRecordEvent", event, cann.endless_stream())
    return cann.status("aclrtSynchronizeEventWithTimeout", event, 500)
