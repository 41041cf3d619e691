"""Questions about communicators of HCCL that cannot be made, or are used in a wrong way."""

from __future__ import annotations

import ctypes
import time
from multiprocessing.connection import Connection
from typing import Any, Final

from yr_conformance.calibration.cann import ROOT_INFO_BYTES, Cann
from yr_conformance.calibration.peer import peer
from yr_conformance.calibration.question import (
    DOCUMENTED,
    GUESS,
    NUMBER,
    STATUS,
    TEXTS,
    Setting,
    Status,
    question,
)

CONNECT_TIMEOUT: Final = {"HCCL_CONNECT_TIMEOUT": "1"}
"""Seconds. HCCL's documentation has 120 as the least, so a card may take it for that."""
PATIENCE_S: Final = 200.0
FLOAT32: Final = 4
_INIT: Final = "HcclCommInitRootInfo"


def _init(cann: Cann, ranks: int, root: Any, rank: int) -> int:
    return cann.status(_INIT, ranks, root, rank, ctypes.byref(ctypes.c_void_p()))


@question(
    "hccl.root-info.before-set-device",
    STATUS,
    GUESS,
    calibrates=Status("HcclGetRootInfo", "no-device"),
    limit_s=PATIENCE_S,
)
def root_info_before_set(cann: Cann) -> int:
    """Which status has HcclGetRootInfo in a thread that has set no device?"""
    cann.must("aclInit", None)
    return cann.status("HcclGetRootInfo", ctypes.create_string_buffer(ROOT_INFO_BYTES))


@question(
    "hccl.init.foreign-root-info",
    STATUS,
    GUESS,
    calibrates=Status(_INIT, "foreign-root"),
    variables=CONNECT_TIMEOUT,
    limit_s=PATIENCE_S,
)
def foreign_root_info(cann: Cann) -> int:
    """Which status has HcclCommInitRootInfo with root info that is made up?"""
    cann.open()
    return _init(cann, 2, ctypes.create_string_buffer(b"\x5a" * ROOT_INFO_BYTES), 1)


@question(
    "hccl.init.rank-out-of-range",
    STATUS,
    GUESS,
    calibrates=Status(_INIT, "rank-out-of-range"),
    variables=CONNECT_TIMEOUT,
    limit_s=PATIENCE_S,
)
def rank_out_of_range(cann: Cann) -> int:
    """Which status has it for rank 2 of 2?"""
    cann.open()
    return _init(cann, 2, cann.root_info(), 2)


@question(
    "hccl.init.no-ranks",
    STATUS,
    GUESS,
    calibrates=Status(_INIT, "no-ranks"),
    variables=CONNECT_TIMEOUT,
    limit_s=PATIENCE_S,
)
def no_ranks(cann: Cann) -> int:
    """Which status has it for a group of 0 ranks?"""
    cann.open()
    return _init(cann, 0, cann.root_info(), 0)


@question(
    "hccl.init.null-root-info", STATUS, DOCUMENTED, calibrates=Status(_INIT), limit_s=PATIENCE_S
)
def null_root_info(cann: Cann) -> int:
    """Which status has it with a null pointer in the place of root info?"""
    cann.open()
    return _init(cann, 2, None, 0)


@question(
    "hccl.init.same-npu",
    STATUS,
    GUESS,
    calibrates=Status(_INIT, "same-npu", accepts="same-device"),
    limit_s=PATIENCE_S,
)
def same_npu(cann: Cann) -> int:
    """Which status has it on rank 0 when both ranks are on one NPU?"""
    with peer(_join) as other:
        cann.open()
        root = cann.root_info()
        other.connection.send(root.raw)
        return _init(cann, 2, root, 0)


def _join(cann: Cann, connection: Connection) -> None:
    cann.open()
    root = ctypes.create_string_buffer(connection.recv(), ROOT_INFO_BYTES)
    _init(cann, 2, root, 1)
    connection.recv()


@question(
    "hccl.init.peer-never-comes",
    STATUS,
    DOCUMENTED,
    calibrates=Status(_INIT),
    variables=CONNECT_TIMEOUT,
    limit_s=PATIENCE_S,
)
def peer_never_comes(cann: Cann) -> int:
    """Which status has it when the other rank never comes (HCCL_CONNECT_TIMEOUT=1)?"""
    cann.open()
    return _init(cann, 2, cann.root_info(), 0)


@question(
    "hccl.init.peer-never-comes-after",
    NUMBER,
    GUESS,
    unit="s",
    tolerance=1.0,
    calibrates=Setting("connect-timeout"),
    variables=CONNECT_TIMEOUT,
    limit_s=PATIENCE_S,
)
def peer_never_comes_after(cann: Cann) -> float:
    """After how long does it return then?"""
    cann.open()
    root = cann.root_info()
    begun = time.monotonic()
    _init(cann, 2, root, 0)
    return round(time.monotonic() - begun, 1)


@question(
    "hccl.send.rank-out-of-range",
    STATUS,
    GUESS,
    calibrates=Status("HcclSend", "rank-out-of-range"),
    limit_s=PATIENCE_S,
)
def send_out_of_range(cann: Cann) -> int:
    """Which status has HcclSend to rank 5 in a group of one rank?"""
    cann.open()
    made, to, stream = cann.group(1, cann.root_info(), 0), cann.malloc(64), cann.stream()
    return cann.status("HcclSend", to, 16, FLOAT32, 5, made, stream)


@question(
    "hccl.all-reduce.no-type",
    STATUS,
    GUESS,
    calibrates=Status("HcclAllReduce", "no-type"),
    limit_s=PATIENCE_S,
)
def no_type(cann: Cann) -> int:
    """Which status has HcclAllReduce of data type 99?"""
    cann.open()
    made, data, stream = cann.group(1, cann.root_info(), 0), cann.malloc(64), cann.stream()
    return cann.status("HcclAllReduce", data, data, 16, 99, 0, made, stream)


@question(
    "hccl.all-reduce.null-pointer",
    STATUS,
    GUESS,
    calibrates=Status("HcclAllReduce"),
    limit_s=PATIENCE_S,
)
def null_buffer(cann: Cann) -> int:
    """Which status has HcclAllReduce of a null pointer?"""
    cann.open()
    made, stream = cann.group(1, cann.root_info(), 0), cann.stream()
    return cann.status("HcclAllReduce", None, None, 16, FLOAT32, 0, made, stream)


@question(
    "hccl.destroy.twice", STATUS, GUESS, calibrates=Status("HcclCommDestroy"), limit_s=PATIENCE_S
)
def destroyed_twice(cann: Cann) -> int:
    """Which status has HcclCommDestroy of a communicator that was destroyed?"""
    cann.open()
    made = cann.group(1, cann.root_info(), 0)
    cann.must("HcclCommDestroy", made)
    return cann.status("HcclCommDestroy", made)


@question("hccl.error-string", TEXTS, GUESS)
def error_strings(cann: Cann) -> dict[str, str]:
    """What does HcclGetErrorString say of each status from 0 to 32?"""
    text = cann.function("HcclGetErrorString")
    text.restype = ctypes.c_char_p
    return {str(status): (text(status) or b"").decode() for status in range(33)}
