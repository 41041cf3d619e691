"""Questions about ranks that die, stay away or disagree, once the communicator is there."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final

from yr_conformance.calibration.cann import ROOT_INFO_BYTES, Cann
from yr_conformance.calibration.peer import Peer, peer
from yr_conformance.calibration.question import (
    DOCUMENTED,
    GUESS,
    NUMBER,
    STATUS,
    Status,
    question,
)

EXEC_TIMEOUT: Final = {"HCCL_EXEC_TIMEOUT": "1"}
"""Seconds; a card may take it for a multiple of its own."""
PATIENCE_S: Final = 300.0
LIMIT_MS: Final = 200_000
COUNT, FLOAT32, SUM = 16, 4, 0
_SYNCHRONIZE: Final = "aclrtSynchronizeStreamWithTimeout"


@dataclass(frozen=True)
class Group:
    """Rank 0 of two, and the process of the other."""

    cann: Cann
    other: Peer
    handle: int

    def all_reduce(self, count: int = COUNT) -> int:
        """Queue one in a new stream, which is given."""
        stream, data = self.cann.stream(), self.cann.malloc(4 * count)
        self.cann.must("HcclAllReduce", data, data, count, FLOAT32, SUM, self.handle, stream)
        return stream


@contextmanager
def _group(cann: Cann) -> Iterator[Group]:
    with peer(_second) as other:
        cann.open()
        root = cann.root_info()
        other.connection.send(root.raw)
        made = cann.group(2, root, 0)
        other.told()
        yield Group(cann, other, made)


def _second(cann: Cann, connection: Connection) -> None:
    cann.open(device=1)
    root = ctypes.create_string_buffer(connection.recv(), ROOT_INFO_BYTES)
    made = cann.group(2, root, 1)
    connection.send("met")
    count = connection.recv()
    stream, data = cann.stream(), cann.malloc(4 * count)
    cann.must("HcclAllReduce", data, data, count, FLOAT32, SUM, made, stream)
    cann.status(_SYNCHRONIZE, stream, LIMIT_MS)
    connection.recv()


@question(
    "hccl.death.status",
    STATUS,
    GUESS,
    calibrates=Status(_SYNCHRONIZE),
    npus=2,
    variables=EXEC_TIMEOUT,
    limit_s=PATIENCE_S,
)
def death(cann: Cann) -> int:
    """Which status has synchronising an HcclAllReduce whose other rank was killed before it?"""
    with _group(cann) as group:
        group.other.kill()
        return cann.status(_SYNCHRONIZE, group.all_reduce(), LIMIT_MS)


@question(
    "hccl.death.noticed-after",
    NUMBER,
    GUESS,
    unit="s",
    tolerance=1.0,
    npus=2,
    variables=EXEC_TIMEOUT,
    limit_s=PATIENCE_S,
)
def death_noticed_after(cann: Cann) -> float:
    """After how long does it return then (HCCL_EXEC_TIMEOUT=1)?"""
    with _group(cann) as group:
        group.other.kill()
        stream = group.all_reduce()
        begun = time.monotonic()
        cann.status(_SYNCHRONIZE, stream, LIMIT_MS)
        return round(time.monotonic() - begun, 1)


@question(
    "hccl.death.async-error",
    STATUS,
    GUESS,
    calibrates=Status("HcclGetCommAsyncError"),
    npus=2,
    variables=EXEC_TIMEOUT,
    limit_s=PATIENCE_S,
)
def death_async_error(cann: Cann) -> int:
    """Which error has HcclGetCommAsyncError after that?"""
    with _group(cann) as group:
        group.other.kill()
        cann.status(_SYNCHRONIZE, group.all_reduce(), LIMIT_MS)
        error = ctypes.c_int32()
        cann.must("HcclGetCommAsyncError", group.handle, ctypes.byref(error))
        return error.value


@question(
    "hccl.peer-stays-away.status",
    STATUS,
    DOCUMENTED,
    calibrates=Status(_SYNCHRONIZE),
    npus=2,
    variables=EXEC_TIMEOUT,
    limit_s=PATIENCE_S,
)
def peer_stays_away(cann: Cann) -> int:
    """Which status has it when the other rank lives, but calls nothing (HCCL_EXEC_TIMEOUT=1)?"""
    with _group(cann) as group:
        return cann.status(_SYNCHRONIZE, group.all_reduce(), LIMIT_MS)


@question(
    "hccl.differing-counts.status",
    STATUS,
    GUESS,
    calibrates=Status(_SYNCHRONIZE),
    npus=2,
    variables=EXEC_TIMEOUT,
    limit_s=PATIENCE_S,
)
def differing_counts(cann: Cann) -> int:
    """Which status has it when the other rank reduces twice as many elements?"""
    with _group(cann) as group:
        group.other.connection.send(2 * COUNT)
        return cann.status(_SYNCHRONIZE, group.all_reduce(), LIMIT_MS)
