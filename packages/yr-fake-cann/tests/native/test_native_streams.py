"""Streams: order, completion, failures, and what asynchronous mode makes visible."""

import ctypes
import threading

import pytest
from bindings import (
    DEVICE_TO_HOST,
    HOST_TO_DEVICE,
    INTERNAL,
    INVALID_HANDLE,
    STREAM_TIMEOUT,
    Cann,
    CannError,
    in_process,
    opened,
)
from gates import HOST_FUNCTION, Gate

SLOW = {"YR_FAKE_CANN_STREAMS": "async", "YR_FAKE_CANN_DELAY_US": "300000"}


def copy_from_device(synchronise: bool) -> tuple[bytes, bytes]:
    """Return what the host sees of an asynchronous copy, and what it sees after synchronising."""
    cann = opened()
    stream, address = cann.stream(), cann.malloc(4)
    cann.write(address, b"done")
    host = ctypes.create_string_buffer(b"wait", 4)
    cann.aclrtMemcpyAsync(host, 4, address, 4, DEVICE_TO_HOST, stream)
    if synchronise:
        cann.aclrtSynchronizeStream(stream)
    early = host.raw
    cann.aclrtSynchronizeStream(stream)
    return early, host.raw


def reuse_source_too_early() -> bytes:
    """Return what arrives on the device when the host overwrites its buffer before the copy ran."""
    cann = opened()
    stream, address = cann.stream(), cann.malloc(4)
    host = ctypes.create_string_buffer(b"good", 4)
    cann.aclrtMemcpyAsync(address, 4, host, 4, HOST_TO_DEVICE, stream)
    host.raw = b"bad!"
    cann.aclrtSynchronizeStream(stream)
    return cann.read(address, 4)


def free_before_the_copy() -> str:
    """Return the error of a copy whose device memory is freed before the stream gets to it."""
    cann = opened()
    stream, address = cann.stream(), cann.malloc(4)
    cann.aclrtMemcpyAsync(address, 4, b"data", 4, HOST_TO_DEVICE, stream)
    cann.aclrtFree(address)
    try:
        cann.aclrtSynchronizeStream(stream)
    except CannError as error:
        return error.message
    return "no error"


def test_without_synchronising_the_host_sees_the_old_bytes() -> None:
    """In asynchronous mode a missing synchronise shows as wrong data, and only there."""
    assert in_process(copy_from_device, False, settings=SLOW) == (b"wait", b"done")
    assert in_process(copy_from_device, True, settings=SLOW) == (b"done", b"done")


def test_a_source_reused_too_early_shows() -> None:
    """In asynchronous mode the copy reads what the buffer holds when it runs."""
    assert in_process(reuse_source_too_early, settings=SLOW) == b"bad!"
    assert (
        in_process(reuse_source_too_early, settings={"YR_FAKE_CANN_STREAMS": "inline"}) == b"good"
    )


def test_memory_freed_before_its_copy_ran_is_an_error() -> None:
    """The stream's failure names the freed allocation."""
    assert "freed memory of npu:0" in in_process(free_before_the_copy, settings=SLOW)


def test_tasks_run_in_the_order_of_submission(cann: Cann) -> None:
    """A copy waits for a host function that was queued before it."""
    gate, stream, address = Gate(), cann.stream(), cann.malloc(1)
    cann.write(address, b"0")
    cann.aclrtLaunchHostFunc(stream, gate.function, 0)
    for digit in (b"1", b"2", b"3"):
        cann.aclrtMemcpyAsync(address, 1, digit, 1, HOST_TO_DEVICE, stream)

    before = cann.read(address, 1)
    busy = cann.number("aclrtStreamQuery", stream)
    gate.open.set()
    cann.aclrtSynchronizeStream(stream)

    assert (before, busy, cann.read(address, 1)) == (b"0", 1, b"3")


def test_streams_do_not_wait_for_each_other(cann: Cann) -> None:
    """A second stream makes progress while the first is blocked."""
    gate, first, second = Gate(), cann.stream(), cann.stream()
    cann.aclrtLaunchHostFunc(first, gate.function, 0)
    ran = threading.Event()
    function = HOST_FUNCTION(lambda _: ran.set())

    cann.aclrtLaunchHostFunc(second, function, 0)
    cann.aclrtSynchronizeStream(second)

    assert ran.is_set()
    gate.open.set()
    cann.aclrtSynchronizeDevice()
    assert cann.number("aclrtStreamQuery", first) == 0


def test_synchronising_has_a_timeout(cann: Cann) -> None:
    """A stream that is not done in time says so and goes on."""
    gate, stream = Gate(), cann.stream()
    cann.aclrtLaunchHostFunc(stream, gate.function, 0)

    with pytest.raises(CannError) as raised:
        cann.aclrtSynchronizeStreamWithTimeout(stream, 10)

    assert raised.value.status == STREAM_TIMEOUT
    gate.open.set()
    cann.aclrtSynchronizeStream(stream)


def test_a_failure_is_told_once_with_its_reason(cann: Cann) -> None:
    """The next synchronise returns the failure of a queued copy; the one after it is fine."""
    stream = cann.stream()
    cann.aclrtMemcpyAsync(ctypes.c_void_p(4096), 4, b"data", 4, HOST_TO_DEVICE, stream)

    with pytest.raises(CannError, match="0x1000 is host memory"):
        cann.aclrtSynchronizeStream(stream)
    cann.aclrtSynchronizeStream(stream)


def test_a_destroyed_stream_is_no_stream(cann: Cann) -> None:
    """A stale handle is recognised."""
    stream = cann.stream()
    cann.aclrtDestroyStream(stream)

    with pytest.raises(CannError, match="is no stream, or it was destroyed") as raised:
        cann.aclrtSynchronizeStream(stream)

    assert raised.value.status == INVALID_HANDLE


def test_destroying_by_force_drops_what_is_queued(cann: Cann) -> None:
    """Tasks behind the running one never run."""
    gate, stream, ran = Gate(), cann.stream(), threading.Event()
    function = HOST_FUNCTION(lambda _: ran.set())
    cann.aclrtLaunchHostFunc(stream, gate.function, 0)
    cann.aclrtLaunchHostFunc(stream, function, 0)

    cann.aclrtDestroyStreamForce(stream)
    gate.open.set()

    assert not ran.is_set()


def test_the_wait_of_kernels_gives_the_failure(cann: Cann) -> None:
    """yr_fake_cann_wait_stream drains the default stream of the thread's device, too."""
    cann.aclrtMemcpyAsync(ctypes.c_void_p(4096), 4, b"data", 4, HOST_TO_DEVICE, 0)

    with pytest.raises(CannError) as raised:
        cann.yr_fake_cann_wait_stream(0)

    assert raised.value.status != INTERNAL
