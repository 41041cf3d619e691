"""Measured values in the place of the emulator's own, as the native library takes them."""

import ctypes
import functools
import itertools
import mmap
import signal
import time

import pytest
from bindings import (
    INVALID_PARAMETER,
    OUT_OF_MEMORY,
    PATIENCE,
    CannError,
    in_process,
    opened,
    start,
)
from ranks import communicator, root_info

from yr_fake_cann.calibration import VARIABLE


def statuses_of_free() -> list[int]:
    """Return the statuses of freeing memory twice, a part of it, and memory of the host."""
    cann = opened()
    twice, inside = cann.malloc(64), cann.malloc(64)
    cann.aclrtFree(twice)
    host = ctypes.create_string_buffer(8)
    addresses = (twice, inside + 8, ctypes.addressof(host))
    return [cann.library.aclrtFree(ctypes.c_void_p(address)) for address in addresses]


def status_of_a_failed_stream(function: str, *limit: int) -> int:
    """Return the status of synchronising after an asynchronous copy from freed memory."""
    cann = opened()
    stream, address, host = cann.stream(), cann.malloc(8), ctypes.create_string_buffer(8)
    cann.aclrtFree(address)
    cann.aclrtMemcpyAsync(host, 8, address, 8, 2, stream)
    status: int = getattr(cann.library, function)(ctypes.c_void_p(stream), *limit)
    return status


def status_of_too_much() -> int:
    """Return the status of an allocation that no NPU has the memory for."""
    try:
        opened().malloc(1 << 50)
    except CannError as error:
        return error.status
    return 0


def memory_and_two_addresses() -> tuple[int, list[int]]:
    """Return all memory of an NPU, and by how much its first addresses differ."""
    cann = opened()
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    cann.aclrtGetMemInfo(1, ctypes.byref(free), ctypes.byref(total))
    addresses = [cann.malloc(1) for _ in range(3)]
    return total.value, [after - before for before, after in itertools.pairwise(addresses)]


def exported_and_imported() -> tuple[int, bytes]:
    """Return where in a page shared memory begins, and what another process reads there."""
    cann = opened()
    cann.malloc(1)
    address, key = cann.malloc(8), ctypes.create_string_buffer(65)
    cann.write(address, b"together")
    cann.aclrtIpcMemGetExportKey(address, 8, key, 65, 0)
    read = in_process(read_import, key.raw, settings={VARIABLE: ""})
    return address % mmap.PAGESIZE, read


def read_import(key: bytes) -> bytes:
    """Return the first bytes of another process's memory, which is given back."""
    cann = opened()
    address = cann.pointer("aclrtIpcMemImportByKey", key, 0)
    data = cann.read(address, 8)
    cann.rtIpcCloseMemory(address)
    return data


def seconds_without_a_peer() -> float:
    """Return how long the only rank of two waits for the other."""
    cann = opened()
    begun = time.monotonic()
    with pytest.raises(CannError):
        communicator(cann, 2, root_info(cann), 0)
    return time.monotonic() - begun


def calibrated(body: object, *entries: str, **settings: str) -> object:
    """Return what a function returns in a process with these entries."""
    variables = {VARIABLE: ";".join(entries), **settings}
    return in_process(body, settings=variables)  # type: ignore[arg-type]


def test_a_status_is_that_of_its_function_and_mistake() -> None:
    """The other mistakes of the same function keep theirs."""
    found = calibrated(statuses_of_free, "file=/card.json", "aclrtFree:107000:freed-twice=507899")

    assert found == [507899, INVALID_PARAMETER, INVALID_PARAMETER]


def test_the_status_of_a_function_with_one_mistake_needs_no_name() -> None:
    """A function whose emulated status says what is wrong."""
    assert calibrated(status_of_too_much, "aclrtMalloc:207001=207018") == 207018
    assert calibrated(status_of_too_much, "aclrtFree:207001=207018") == OUT_OF_MEMORY


@pytest.mark.parametrize(
    ("function", "limit"),
    [("aclrtSynchronizeStreamWithTimeout", [1000]), ("aclrtSynchronizeStream", [])],
)
def test_the_mistake_of_a_task_is_known_when_its_stream_is_synchronised(
    function: str, limit: list[int]
) -> None:
    """What went wrong happened on another call's behalf; without a limit it is the same."""
    entry = "aclrtSynchronizeStreamWithTimeout:107000:freed=507899"
    synchronise = functools.partial(status_of_a_failed_stream, function, *limit)

    assert calibrated(synchronise, entry) == 507899


def test_memory_is_as_measured() -> None:
    """Amount and alignment; a setting of the machine comes before."""
    entries = ("memory=65787658240", "alignment=512")

    measured = calibrated(memory_and_two_addresses, *entries)
    limited = calibrated(memory_and_two_addresses, *entries, YR_FAKE_CANN_MEMORY_MB="16")

    assert measured == (65787658240, [512, 512])
    assert limited == (16 << 20, [512, 512])


def test_memory_that_begins_within_a_page_can_be_shared() -> None:
    """The importer maps whole pages."""
    assert calibrated(exported_and_imported, "alignment=512") == (512, b"together")


def test_ranks_wait_for_each_other_as_long_as_a_card_does() -> None:
    """Though a shorter time is set, as a card may not take it."""
    entries = ("connect-timeout=2",)

    waited = calibrated(seconds_without_a_peer, *entries, HCCL_CONNECT_TIMEOUT="1")

    assert isinstance(waited, float)
    assert 2 <= waited < PATIENCE


@pytest.mark.parametrize(
    "entry",
    [
        "aclrtFree=1",
        "aclrtFree:x=1",
        "aclrtFree:107000:=1",
        "aclrtFree:0=107000",
        "aclrtFree:107000=1;aclrtFree:107000=2",
        "alignment=48",
        "same-device=2",
    ],
)
def test_an_entry_that_cannot_be_read_ends_the_process(entry: str) -> None:
    """A typo is not ignored."""
    dying = start(statuses_of_free, settings={VARIABLE: entry})

    assert dying.end() == -signal.SIGABRT
