"""Collectives of HCCL between four ranks, against values computed here."""

import ctypes
import struct
from typing import Final

import pytest
from bindings import Cann, CannError
from ranks import (
    BFLOAT16,
    FLOAT16,
    FLOAT32,
    FLOAT64,
    INT8,
    INT16,
    INT32,
    INT64,
    MAX,
    MIN,
    PROD,
    SUM,
    UINT8,
    Root,
    communicator,
    in_threads,
)

RANKS: Final = 4
NOT_SUPPORTED: Final = 5
FORMATS: Final = {INT8: "b", INT16: "h", INT32: "i", INT64: "q", FLOAT16: "e", FLOAT32: "f"}


class Group:
    """One rank's side of a collective."""

    def __init__(self, cann: Cann, rank: int, root: Root) -> None:
        self.cann, self.rank = cann, rank
        self.communicator = communicator(cann, RANKS, root, rank)
        self.stream = cann.stream()

    def buffer(self, values: list[float], kind: int = INT32) -> int:
        """Return device memory that holds the values."""
        data = pack(values, kind)
        address = self.cann.malloc(len(data))
        self.cann.write(address, data)
        return address

    def values(self, address: int, count: int, kind: int = INT32) -> list[float]:
        """Synchronise and return the values of device memory."""
        self.cann.aclrtSynchronizeStream(self.stream)
        form = FORMATS[kind]
        return list(
            struct.unpack(f"{count}{form}", self.cann.read(address, count * struct.calcsize(form)))
        )

    def run(self, function: str, *arguments: object) -> None:
        """Start a collective on this rank's communicator and stream."""
        getattr(self.cann, function)(*arguments, self.communicator, self.stream)


def pack(values: list[float], kind: int) -> bytes:
    """Return the values as bytes."""
    form = FORMATS[kind]
    numbers = values if form in "ef" else map(int, values)
    return struct.pack(f"{len(values)}{form}", *numbers)


def counts(*values: int) -> ctypes.Array[ctypes.c_uint64]:
    """Return an array of counts or displacements."""
    return (ctypes.c_uint64 * len(values))(*values)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    ("operation", "expected"),
    [(SUM, [6, 10, 4]), (PROD, [0, 24, 1]), (MAX, [3, 4, 1]), (MIN, [0, 1, 1])],
)
def test_allreduce(kind: int, operation: int, expected: list[int]) -> None:
    """Every rank has the reduction, also when it has fewer elements than there are ranks."""
    if (kind, operation) == (INT16, PROD):
        pytest.skip("HCCL has no product of int16")

    def body(cann: Cann, rank: int, root: Root) -> list[float]:
        group = Group(cann, rank, root)
        data = group.buffer([rank, rank + 1, 1], kind)
        group.run("HcclAllReduce", data, data, 3, kind, operation)
        return group.values(data, 3, kind)

    assert in_threads(RANKS, body) == [expected] * RANKS


def test_allreduce_of_bfloat16_rounds_to_nearest_even() -> None:
    """1 + 2^-8 is not a bfloat16; four ones with it give the even neighbour."""

    def body(cann: Cann, rank: int, root: Root) -> bytes:
        group = Group(cann, rank, root)
        data = cann.malloc(2)
        cann.write(data, [b"\x80\x3f", b"\x80\x3b", b"\0\0", b"\0\0"][rank])
        group.run("HcclAllReduce", data, data, 1, BFLOAT16, SUM)
        cann.aclrtSynchronizeStream(group.stream)
        return cann.read(data, 2)

    assert in_threads(RANKS, body) == [b"\x80\x3f"] * RANKS


@pytest.mark.parametrize(("kind", "operation"), [(UINT8, SUM), (FLOAT64, SUM), (BFLOAT16, PROD)])
def test_reductions_that_hccl_does_not_have_are_refused(kind: int, operation: int) -> None:
    """The call fails at once, naming type and operation."""

    def body(cann: Cann, rank: int, root: Root) -> int:
        group = Group(cann, rank, root)
        data = cann.malloc(8)
        with pytest.raises(CannError, match="HCCL has no reduction") as raised:
            group.run("HcclAllReduce", data, data, 1, kind, operation)
        return raised.value.status

    assert in_threads(RANKS, body) == [NOT_SUPPORTED] * RANKS


def test_reduce_to_a_root() -> None:
    """Only the root's output changes."""

    def body(cann: Cann, rank: int, root: Root) -> list[float]:
        group = Group(cann, rank, root)
        data, out = group.buffer([rank, 1]), group.buffer([-1, -1])
        group.run("HcclReduce", data, out, 2, INT32, SUM, 2)
        return group.values(out, 2)

    assert in_threads(RANKS, body) == [[-1, -1], [-1, -1], [6, 4], [-1, -1]]


def test_broadcast() -> None:
    """Every rank has the root's values."""

    def body(cann: Cann, rank: int, root: Root) -> list[float]:
        group = Group(cann, rank, root)
        data = group.buffer([rank, rank])
        group.run("HcclBroadcast", data, 2, INT32, 3)
        return group.values(data, 2)

    assert in_threads(RANKS, body) == [[3, 3]] * RANKS


def test_allgather() -> None:
    """Every rank has all values in the order of ranks."""

    def body(cann: Cann, rank: int, root: Root) -> list[float]:
        group = Group(cann, rank, root)
        data, out = group.buffer([rank, -rank]), group.buffer([9] * 8)
        group.run("HcclAllGather", data, out, 2, INT32)
        return group.values(out, 8)

    assert in_threads(RANKS, body) == [[0, 0, 1, -1, 2, -2, 3, -3]] * RANKS


def test_allgather_of_unequal_parts() -> None:
    """Rank r gives r values; the list of counts and displacements places them."""

    def body(cann: Cann, rank: int, root: Root) -> list[float]:
        group = Group(cann, rank, root)
        data, out = group.buffer([rank] * (rank + 1)), group.buffer([9] * 7)
        places = counts(0, 1, 2, 4)
        group.run("HcclAllGatherV", data, rank, out, counts(0, 1, 2, 3), places, INT32)
        return group.values(out, 7)

    assert in_threads(RANKS, body) == [[9, 1, 2, 2, 3, 3, 3]] * RANKS


def test_reduce_scatter() -> None:
    """Rank r has the reduction of everybody's part r."""

    def body(cann: Cann, rank: int, root: Root) -> list[float]:
        group = Group(cann, rank, root)
        data, out = group.buffer([rank * part for part in range(RANKS)]), group.buffer([9])
        group.run("HcclReduceScatter", data, out, 1, INT32, SUM)
        return group.values(out, 1)

    assert in_threads(RANKS, body) == [[0], [6], [12], [18]]


def test_reduce_scatter_of_unequal_parts() -> None:
    """Rank r has r elements of the reduction."""

    def body(cann: Cann, rank: int, root: Root) -> list[float]:
        group = Group(cann, rank, root)
        data, out = group.buffer([1, 2, 3, 4, 5, 6]), group.buffer([9, 9, 9])
        sizes, places = counts(0, 1, 2, 3), counts(0, 0, 1, 3)
        group.run("HcclReduceScatterV", data, sizes, places, out, rank, INT32, MAX)
        return group.values(out, 3)

    assert in_threads(RANKS, body) == [[9, 9, 9], [1, 9, 9], [2, 3, 9], [4, 5, 6]]


def test_scatter() -> None:
    """Only the root has an input."""

    def body(cann: Cann, rank: int, root: Root) -> list[float]:
        group = Group(cann, rank, root)
        data = group.buffer([5, 6, 7, 8]) if rank == 1 else 0
        out = group.buffer([9])
        group.run("HcclScatter", data, out, 1, INT32, 1)
        return group.values(out, 1)

    assert in_threads(RANKS, body) == [[5], [6], [7], [8]]


def test_alltoall() -> None:
    """Part p of rank r becomes part r of rank p."""

    def body(cann: Cann, rank: int, root: Root) -> list[float]:
        group = Group(cann, rank, root)
        data, out = group.buffer([10 * rank + part for part in range(RANKS)]), group.buffer([9] * 4)
        group.run("HcclAlltoAll", data, 1, INT32, out, 1, INT32)
        return group.values(out, RANKS)

    assert in_threads(RANKS, body) == [[part, 10 + part, 20 + part, 30 + part] for part in range(4)]


def test_alltoall_of_unequal_parts() -> None:
    """Rank r sends r values to each; empty parts are allowed."""

    def body(cann: Cann, rank: int, root: Root) -> list[float]:
        group = Group(cann, rank, root)
        data, out = group.buffer([rank] * max(4 * rank, 1)), group.buffer([9] * 6)
        places = counts(*(rank * part for part in range(RANKS)))
        sizes = counts(*[rank] * RANKS)
        group.run(
            "HcclAlltoAllV",
            data,
            sizes,
            places,
            INT32,
            out,
            counts(0, 1, 2, 3),
            counts(0, 0, 1, 3),
            INT32,
        )
        return group.values(out, 6)

    assert in_threads(RANKS, body) == [[1, 2, 2, 3, 3, 3]] * RANKS


def test_alltoall_with_a_matrix_of_counts() -> None:
    """Row r of the matrix is what rank r sends."""

    def body(cann: Cann, rank: int, root: Root) -> list[float]:
        group = Group(cann, rank, root)
        data, out = group.buffer([rank] * 3), group.buffer([9] * 4)
        matrix = counts(*[0, 1, 1, 1] * RANKS)
        group.run("HcclAlltoAllVC", data, matrix, INT32, out, INT32)
        return group.values(out, 4)

    assert in_threads(RANKS, body) == [[9] * 4, [0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 2, 3]]


def test_barrier() -> None:
    """It moves no bytes and completes on every rank."""

    def body(cann: Cann, rank: int, root: Root) -> int:
        group = Group(cann, rank, root)
        group.run("HcclBarrier")
        cann.aclrtSynchronizeStream(group.stream)
        return int(cann.number("HcclGetCommAsyncError", group.communicator))

    assert in_threads(RANKS, body) == [0] * RANKS


def test_ranks_in_different_collectives_fail() -> None:
    """A mismatch is an error on the ranks that meet it, not a hang."""

    def body(cann: Cann, rank: int, root: Root) -> bool:
        group = Group(cann, rank, root)
        data, out = group.buffer([1, 2]), group.buffer([9] * 8)
        if rank:
            group.run("HcclAllGather", data, out, 2, INT32)
        else:
            group.run("HcclAlltoAll", out, 2, INT32, out, 2, INT32)
        with pytest.raises(CannError):
            cann.aclrtSynchronizeStreamWithTimeout(group.stream, 10_000)
        return True

    assert in_threads(RANKS, body)[0]
