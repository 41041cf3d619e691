"""Questions about allocation: what is refused, how addresses lie, and what is counted."""

from __future__ import annotations

import ctypes
from multiprocessing.connection import Connection
from typing import Final

from yr_conformance.calibration.cann import Cann
from yr_conformance.calibration.peer import peer
from yr_conformance.calibration.question import (
    DOCUMENTED,
    GUESS,
    NUMBER,
    STATUS,
    YES_NO,
    Setting,
    Status,
    question,
)

MIB: Final = 1 << 20
HUGE_PAGE: Final = 2 * MIB
"""Alignment beyond that of a huge page is chance."""


@question("acl.malloc.more-than-there-is", STATUS, DOCUMENTED, calibrates=Status("aclrtMalloc"))
def too_much(cann: Cann) -> int:
    """Which status has aclrtMalloc of twice the memory of the NPU?"""
    cann.open()
    _free, total = cann.memory()
    return cann.status("aclrtMalloc", ctypes.byref(ctypes.c_void_p()), 2 * total, 0)


@question(
    "acl.malloc.zero-bytes", STATUS, DOCUMENTED, calibrates=Status("aclrtMalloc", "zero-size")
)
def nothing(cann: Cann) -> int:
    """Which status has aclrtMalloc of 0 bytes?"""
    cann.open()
    return cann.status("aclrtMalloc", ctypes.byref(ctypes.c_void_p()), 0, 0)


@question(
    "acl.malloc.null-pointer", STATUS, DOCUMENTED, calibrates=Status("aclrtMalloc", "null-pointer")
)
def nowhere(cann: Cann) -> int:
    """Which status has aclrtMalloc that may not say where the memory is?"""
    cann.open()
    return cann.status("aclrtMalloc", None, 1024, 0)


@question("acl.free.null-pointer", STATUS, GUESS, calibrates=Status("aclrtFree", "null-pointer"))
def free_nothing(cann: Cann) -> int:
    """Which status has aclrtFree of a null pointer?"""
    cann.open()
    return cann.status("aclrtFree", None)


@question(
    "acl.free.foreign-pointer", STATUS, GUESS, calibrates=Status("aclrtFree", "foreign-pointer")
)
def free_foreign(cann: Cann) -> int:
    """Which status has aclrtFree of memory of the host?"""
    cann.open()
    host = ctypes.create_string_buffer(4096)
    return cann.status("aclrtFree", ctypes.addressof(host))


@question("acl.free.twice", STATUS, GUESS, calibrates=Status("aclrtFree", "freed-twice"))
def free_twice(cann: Cann) -> int:
    """Which status has aclrtFree of memory that was freed before?"""
    cann.open()
    address = cann.malloc(4096)
    cann.must("aclrtFree", address)
    return cann.status("aclrtFree", address)


@question("acl.free.inside", STATUS, GUESS, calibrates=Status("aclrtFree", "inside-allocation"))
def free_inside(cann: Cann) -> int:
    """Which status has aclrtFree of an address that is not the first of its allocation?"""
    cann.open()
    return cann.status("aclrtFree", cann.malloc(8192) + 4096)


@question("acl.memory.total", NUMBER, DOCUMENTED, unit="bytes", calibrates=Setting("memory"))
def total(cann: Cann) -> int:
    """How much memory does aclrtGetMemInfo say that an NPU has?"""
    cann.open()
    return cann.memory()[1]


@question("acl.memory.free-at-start", NUMBER, GUESS, unit="% of all", tolerance=1.0)
def free_at_start(cann: Cann) -> float:
    """How much of it is free before a process allocates any?"""
    cann.open()
    free, whole = cann.memory()
    return round(100 * free / whole, 1)


@question("acl.memory.alignment", NUMBER, GUESS, unit="bytes", calibrates=Setting("alignment"))
def alignment(cann: Cann) -> int:
    """To how many bytes, up to 2 MiB, are all addresses aligned that aclrtMalloc gives?"""
    cann.open()
    together = HUGE_PAGE
    for size in (1, 100, 600, 5000, 70_000, MIB + 1, 3 * MIB + 1, 1):
        together |= cann.malloc(size)
    return together & -together


@question("acl.memory.of-one-byte", NUMBER, GUESS, unit="bytes")
def of_one_byte(cann: Cann) -> int:
    """By how much is less free after the first aclrtMalloc of 1 byte?"""
    cann.open()
    before, _ = cann.memory()
    cann.malloc(1)
    return before - cann.memory()[0]


@question("acl.memory.of-64-MiB", NUMBER, GUESS, unit="bytes")
def of_64_mib(cann: Cann) -> int:
    """By how much is less free after aclrtMalloc of 64 MiB?"""
    cann.open()
    before, _ = cann.memory()
    cann.malloc(64 * MIB)
    return before - cann.memory()[0]


@question("acl.memory.of-other-processes", YES_NO, GUESS)
def of_other_processes(cann: Cann) -> bool:
    """Is less free when another process allocates 256 MiB on the same NPU?"""
    with peer(_allocate) as other:
        other.told()
        cann.open()
        before, _ = cann.memory()
        other.connection.send("allocate")
        other.told()
        return before - cann.memory()[0] >= 128 * MIB


def _allocate(cann: Cann, connection: Connection) -> None:
    cann.open()
    connection.send("ready")
    connection.recv()
    cann.malloc(256 * MIB)
    connection.send("allocated")
    connection.recv()
