"""Questions about copies that cannot be right."""

from __future__ import annotations

import ctypes
from typing import Final

from yr_conformance.calibration.cann import DEVICE_TO_HOST, HOST_TO_DEVICE, Cann
from yr_conformance.calibration.question import DOCUMENTED, GUESS, STATUS, Status, question

SIZE: Final = 4096
FAR: Final = 64 << 20
"""More than any rounding adds to an allocation."""


def _copy(cann: Cann, to: int | None, room: int, size: int, kind: int = HOST_TO_DEVICE) -> int:
    host = ctypes.create_string_buffer(size)
    return cann.status("aclrtMemcpy", to, room, ctypes.addressof(host), size, kind)


@question("acl.memcpy.too-small", STATUS, DOCUMENTED, calibrates=Status("aclrtMemcpy", "too-small"))
def too_small(cann: Cann) -> int:
    """Which status has aclrtMemcpy of more bytes than destMax says that there is room for?"""
    cann.open()
    return _copy(cann, cann.malloc(SIZE), SIZE // 2, SIZE)


@question(
    "acl.memcpy.null-pointer", STATUS, DOCUMENTED, calibrates=Status("aclrtMemcpy", "null-pointer")
)
def null_pointer(cann: Cann) -> int:
    """Which status has aclrtMemcpy to a null pointer?"""
    cann.open()
    return _copy(cann, None, SIZE, SIZE)


@question(
    "acl.memcpy.host-pointer", STATUS, GUESS, calibrates=Status("aclrtMemcpy", "host-pointer")
)
def host_pointer(cann: Cann) -> int:
    """Which status has aclrtMemcpy from host to device whose destination is on the host?"""
    cann.open()
    return _copy(cann, ctypes.addressof(ctypes.create_string_buffer(SIZE)), SIZE, SIZE)


@question("acl.memcpy.past-the-end", STATUS, GUESS, calibrates=Status("aclrtMemcpy", "past-end"))
def past_the_end(cann: Cann) -> int:
    """Which status has aclrtMemcpy of 64 MiB to the 4 KiB that were allocated last?"""
    cann.open()
    return _copy(cann, cann.malloc(SIZE), FAR, FAR)


@question("acl.memcpy.freed", STATUS, GUESS, calibrates=Status("aclrtMemcpy", "freed"))
def freed(cann: Cann) -> int:
    """Which status has aclrtMemcpy to memory that was freed?"""
    cann.open()
    address = cann.malloc(SIZE)
    cann.must("aclrtFree", address)
    return _copy(cann, address, SIZE, SIZE)


@question(
    "acl.memcpy.no-direction", STATUS, DOCUMENTED, calibrates=Status("aclrtMemcpy", "no-direction")
)
def no_direction(cann: Cann) -> int:
    """Which status has aclrtMemcpy of a kind that there is none of (99)?"""
    cann.open()
    return _copy(cann, cann.malloc(SIZE), SIZE, SIZE, kind=99)


@question(
    "acl.memcpy-async.freed",
    STATUS,
    GUESS,
    calibrates=Status("aclrtSynchronizeStreamWithTimeout", "freed"),
)
def freed_later(cann: Cann) -> int:
    """Which status has synchronising after an asynchronous copy from memory that was freed?"""
    cann.open()
    stream, address = cann.stream(), cann.malloc(SIZE)
    host = cann.made("aclrtMallocHost", SIZE)
    cann.must("aclrtFree", address)
    cann.must("aclrtMemcpyAsync", host, SIZE, address, SIZE, DEVICE_TO_HOST, stream)
    return cann.status("aclrtSynchronizeStreamWithTimeout", stream, 20_000)
