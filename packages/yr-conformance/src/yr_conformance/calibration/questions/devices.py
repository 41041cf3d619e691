"""Questions about devices that are not there or not set, and about what CANN says of a failure."""

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


@question("acl.init.twice", STATUS, GUESS, calibrates=Status("aclInit"))
def init_twice(cann: Cann) -> int:
    """Which status has a second aclInit?"""
    cann.must("aclInit", None)
    return cann.status("aclInit", None)


@question(
    "acl.device.set-one-that-is-not-there", STATUS, DOCUMENTED, calibrates=Status("aclrtSetDevice")
)
def set_missing(cann: Cann) -> int:
    """Which status has aclrtSetDevice of the number that comes after the last NPU's?"""
    cann.must("aclInit", None)
    return cann.status("aclrtSetDevice", cann.count())


@question("acl.device.get-before-set", STATUS, DOCUMENTED, calibrates=Status("aclrtGetDevice"))
def get_before_set(cann: Cann) -> int:
    """Which status has aclrtGetDevice in a thread that has set none?"""
    cann.must("aclInit", None)
    return cann.status("aclrtGetDevice", ctypes.byref(ctypes.c_int32()))


@question("acl.device.malloc-before-set", STATUS, DOCUMENTED, calibrates=Status("aclrtMalloc"))
def malloc_before_set(cann: Cann) -> int:
    """Which status has aclrtMalloc in a thread that has set no device?"""
    cann.must("aclInit", None)
    return cann.status("aclrtMalloc", ctypes.byref(ctypes.c_void_p()), 1024, 0)


@question(
    "acl.device.stream-before-set", STATUS, DOCUMENTED, calibrates=Status("aclrtCreateStream")
)
def stream_before_set(cann: Cann) -> int:
    """Which status has aclrtCreateStream in a thread that has set no device?"""
    cann.must("aclInit", None)
    return cann.status("aclrtCreateStream", ctypes.byref(ctypes.c_void_p()))


@question("acl.device.memory-before-set", STATUS, DOCUMENTED, calibrates=Status("aclrtGetMemInfo"))
def memory_before_set(cann: Cann) -> int:
    """Which status has aclrtGetMemInfo in a thread that has set no device?"""
    cann.must("aclInit", None)
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    return cann.status("aclrtGetMemInfo", 1, ctypes.byref(free), ctypes.byref(total))


@question("acl.message.after-a-failure", YES_NO, DOCUMENTED)
def message_after_failure(cann: Cann) -> bool:
    """Has aclGetRecentErrMsg a text after a call that failed?"""
    cann.open()
    cann.function("aclrtSetDevice")(cann.count())
    return bool(cann.recent_message())


@question("acl.message.once", YES_NO, GUESS)
def message_once(cann: Cann) -> bool:
    """Does aclGetRecentErrMsg give the text of a failure once only?"""
    cann.open()
    cann.function("aclrtSetDevice")(cann.count())
    return bool(cann.recent_message()) and not cann.recent_message()


@question("acl.message.before-a-failure", YES_NO, GUESS)
def message_before_failure(cann: Cann) -> bool:
    """Does aclGetRecentErrMsg give a null pointer when no call has failed?"""
    cann.open()
    return cann.recent_message() is None
