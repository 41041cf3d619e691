"""Questions about memory that a process shares with another one."""

from __future__ import annotations

import ctypes
from multiprocessing.connection import Connection
from typing import Final

from yr_conformance.calibration.cann import DEVICE_TO_HOST, HOST_TO_DEVICE, Cann
from yr_conformance.calibration.peer import Peer, peer
from yr_conformance.calibration.question import GUESS, STATUS, YES_NO, Status, question

SIZE: Final = 2 << 20
KEY_BYTES: Final = 65
ANY_PROCESS: Final = 1
"""ACL_RT_IPC_MEM_EXPORT_FLAG_DISABLE_PID_VALIDATION."""


def _export(cann: Cann, connection: Connection) -> None:
    cann.open()
    address, key = cann.malloc(SIZE), ctypes.create_string_buffer(KEY_BYTES)
    host = ctypes.create_string_buffer(b"\7" * 8, 8)
    cann.must("aclrtMemcpy", address, 8, ctypes.addressof(host), 8, HOST_TO_DEVICE)
    cann.must("aclrtIpcMemGetExportKey", address, SIZE, key, KEY_BYTES, ANY_PROCESS)
    connection.send(key.raw)
    connection.recv()


def _import(cann: Cann, key: bytes) -> tuple[int, int]:
    found = ctypes.c_void_p()
    name = ctypes.create_string_buffer(key, KEY_BYTES)
    status = cann.status("aclrtIpcMemImportByKey", ctypes.byref(found), name, 0)
    return status, found.value or 0


def _reads(cann: Cann, address: int) -> bool:
    host = ctypes.create_string_buffer(8)
    to = ctypes.addressof(host)
    return (
        not cann.status("aclrtMemcpy", to, 8, address, 8, DEVICE_TO_HOST) and host.raw == b"\7" * 8
    )


@question("acl.ipc.import", STATUS, GUESS, calibrates=Status("aclrtIpcMemImportByKey"))
def imported(cann: Cann) -> int:
    """Which status has aclrtIpcMemImportByKey of memory of another process on the same NPU?"""
    with peer(_export) as exporter:
        key = exporter.told()
        cann.open()
        return _import(cann, key)[0]


@question(
    "acl.ipc.import-from-the-dead",
    STATUS,
    GUESS,
    calibrates=Status("aclrtIpcMemImportByKey", "exporter-gone"),
)
def from_the_dead(cann: Cann) -> int:
    """Which status has it when that process was killed?"""
    with peer(_export) as exporter:
        key = _last_word(exporter)
        cann.open()
        return _import(cann, key)[0]


def _last_word(exporter: Peer) -> bytes:
    key: bytes = exporter.told()
    exporter.kill()
    return key


@question(
    "acl.ipc.import-of-no-key",
    STATUS,
    GUESS,
    calibrates=Status("aclrtIpcMemImportByKey", "no-key"),
)
def of_no_key(cann: Cann) -> int:
    """Which status has it of a key that no process has made?"""
    cann.open()
    return _import(cann, b"no-key")[0]


@question("acl.ipc.memory-of-the-dead", YES_NO, GUESS)
def of_the_dead(cann: Cann) -> bool:
    """Can memory still be read that was imported before its process was killed?"""
    with peer(_export) as exporter:
        key = exporter.told()
        cann.open()
        status, address = _import(cann, key)
        exporter.kill()
        return not status and _reads(cann, address)
