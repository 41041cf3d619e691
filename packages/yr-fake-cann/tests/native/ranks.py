"""Ranks of HCCL as threads of one process, each with its own device."""

import ctypes
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from bindings import PATIENCE, Cann, opened

Root = ctypes.Array[ctypes.c_char]
Result = TypeVar("Result")

ROOT_INFO_BYTES: Final = 4108
INT8, INT16, INT32, FLOAT16, FLOAT32, INT64 = range(6)
UINT8, FLOAT64, BFLOAT16 = 7, 10, 11
SUM, PROD, MAX, MIN = range(4)


def root_info(cann: Cann) -> Root:
    """Return what the ranks of a new group need to meet."""
    root = ctypes.create_string_buffer(ROOT_INFO_BYTES)
    cann.HcclGetRootInfo(root)
    return root


def communicator(cann: Cann, size: int, root: Root, rank: int) -> int:
    """Return this rank's communicator once all ranks are there."""
    handle = ctypes.c_void_p()
    cann.HcclCommInitRootInfo(size, root, rank, ctypes.byref(handle))
    return handle.value or 0


def in_threads(size: int, body: Callable[[Cann, int, Root], Result]) -> list[Result]:
    """Return what `body` returns on each rank; rank r has device r."""
    root = root_info(opened())

    def run(rank: int) -> Result:
        cann = opened(rank)
        try:
            return body(cann, rank, root)
        finally:
            cann.release()

    with ThreadPoolExecutor(size) as pool:
        return list(pool.map(run, range(size), timeout=PATIENCE))
