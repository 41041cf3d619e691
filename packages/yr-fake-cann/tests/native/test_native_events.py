"""Events: completion, waiting, and never behind a failed task."""

import ctypes
import time

import pytest
from bindings import (
    EVENT_TIMEOUT,
    HOST_TO_DEVICE,
    INVALID_HANDLE,
    INVALID_PARAMETER,
    Cann,
    CannError,
)
from gates import Gate


def fail(cann: Cann, stream: int) -> None:
    """Queue a task that fails."""
    cann.aclrtMemcpyAsync(ctypes.c_void_p(4096), 4, b"data", 4, HOST_TO_DEVICE, stream)


def test_an_event_completes_behind_its_tasks(cann: Cann) -> None:
    """It is incomplete while a task before it runs."""
    gate, stream, event = Gate(), cann.stream(), cann.event()
    cann.aclrtLaunchHostFunc(stream, gate.function, 0)
    cann.aclrtRecordEvent(event, stream)

    before = cann.number("aclrtQueryEventStatus", event)
    gate.open.set()
    cann.aclrtSynchronizeEvent(event)

    assert (before, cann.number("aclrtQueryEventStatus", event)) == (0, 1)


def test_who_asks_again_and_again_leaves_the_cpu_to_the_streams(cann: Cann) -> None:
    """A hundred questions about an incomplete event take next to no time of the CPU."""
    gate, stream, event = Gate(), cann.stream(), cann.event()
    cann.aclrtLaunchHostFunc(stream, gate.function, 0)
    cann.aclrtRecordEvent(event, stream)
    begin, used = time.monotonic(), time.thread_time()

    answers = {cann.number("aclrtQueryEventStatus", event) for _ in range(100)}

    used, took = time.thread_time() - used, time.monotonic() - begin
    gate.open.set()
    cann.aclrtSynchronizeEvent(event)
    assert answers == {0}
    assert used < took / 2


def test_an_event_behind_a_failed_task_never_completes(cann: Cann) -> None:
    """Waiting for it gives the failure, and its status stays incomplete."""
    stream, event = cann.stream(), cann.event()
    fail(cann, stream)
    cann.aclrtRecordEvent(event, stream)

    with pytest.raises(CannError, match="the stream failed with 107000 before the event") as raised:
        cann.aclrtSynchronizeEvent(event)

    assert raised.value.status == INVALID_PARAMETER
    assert cann.number("aclrtQueryEventStatus", event) == 0


def test_a_stream_that_waits_for_a_broken_event_fails(cann: Cann) -> None:
    """A failure travels along the events to the streams that depend on it."""
    first, second, event = cann.stream(), cann.stream(), cann.event()
    fail(cann, first)
    cann.aclrtRecordEvent(event, first)
    cann.aclrtStreamWaitEvent(second, event)

    with pytest.raises(CannError):
        cann.aclrtSynchronizeStream(second)


def test_an_event_recorded_after_the_failure_was_told_completes(cann: Cann) -> None:
    """A stream can be used again once its failure has been returned."""
    stream, event = cann.stream(), cann.event()
    fail(cann, stream)
    with pytest.raises(CannError):
        cann.aclrtSynchronizeStream(stream)

    cann.aclrtRecordEvent(event, stream)

    assert cann.number("aclrtQueryEventStatus", event) == 1


def test_a_stream_waits_for_an_event_of_another(cann: Cann) -> None:
    """What follows the wait runs after what the event marks."""
    gate, first, second = Gate(), cann.stream(), cann.stream()
    event, address = cann.event(), cann.malloc(1)
    cann.aclrtLaunchHostFunc(first, gate.function, 0)
    cann.aclrtMemcpyAsync(address, 1, b"1", 1, HOST_TO_DEVICE, first)
    cann.aclrtRecordEvent(event, first)
    cann.aclrtStreamWaitEvent(second, event)
    cann.aclrtMemcpyAsync(address, 1, b"2", 1, HOST_TO_DEVICE, second)

    gate.open.set()
    cann.aclrtSynchronizeStream(second)

    assert cann.read(address, 1) == b"2"


def test_waiting_for_an_event_has_a_timeout(cann: Cann) -> None:
    """The status of a timeout is not that of a failure."""
    gate, stream, event = Gate(), cann.stream(), cann.event()
    cann.aclrtLaunchHostFunc(stream, gate.function, 0)
    cann.aclrtRecordEvent(event, stream)

    with pytest.raises(CannError) as raised:
        cann.aclrtSynchronizeEventWithTimeout(event, 10)

    assert raised.value.status == EVENT_TIMEOUT
    gate.open.set()
    cann.aclrtSynchronizeEvent(event)


def test_time_passes_between_two_events(cann: Cann) -> None:
    """The elapsed time between events in one stream is not negative."""
    stream, first, second = cann.stream(), cann.event(), cann.event()
    cann.aclrtRecordEvent(first, stream)
    cann.aclrtRecordEvent(second, stream)
    elapsed = ctypes.c_float(-1)

    cann.aclrtEventElapsedTime(ctypes.byref(elapsed), first, second)

    assert elapsed.value >= 0


def test_a_destroyed_event_is_no_event(cann: Cann) -> None:
    """A stale handle is recognised."""
    event = cann.event()
    cann.aclrtDestroyEvent(event)

    with pytest.raises(CannError) as raised:
        cann.aclrtRecordEvent(event, cann.stream())

    assert raised.value.status == INVALID_HANDLE
