"""Events differ by the call that creates them: what is captured, and a flag that is reset."""

from typing import Final

import pytest
from bindings import (
    HOST_TO_DEVICE,
    INVALID_PARAMETER,
    NOT_SUPPORTED,
    Cann,
    CannError,
)
from gates import Gate, is_held_up

SYNC, TIME_LINE, DEVICE_ONLY, EXTERNAL, IPC = 0x1, 0x8, 0x10, 0x20, 0x40
CREATORS: Final = ("aclrtCreateEventWithFlag", "aclrtCreateEventExWithFlag")


@pytest.mark.parametrize("flag", [SYNC, EXTERNAL, SYNC | TIME_LINE])
def test_a_flag_that_was_reset_holds_up_who_waits(cann: Cann, flag: int) -> None:
    """Each round waits for a recording of its own."""
    waiter, recorder, event = cann.stream(), cann.stream(), cann.flag_event(flag)
    held_up = list[bool]()

    for _ in range(3):
        cann.aclrtResetEvent(event, waiter)
        cann.aclrtStreamWaitEvent(waiter, event)
        held_up.append(is_held_up(cann, waiter))
        cann.aclrtRecordEvent(event, recorder)
        cann.aclrtSynchronizeStream(waiter)

    assert held_up == [True, True, True]


def test_a_flag_stays_raised_until_it_is_reset(cann: Cann) -> None:
    """Two waits pass behind one recording."""
    stream, event = cann.stream(), cann.flag_event(SYNC)
    cann.aclrtRecordEvent(event, stream)

    for waiter in (cann.stream(), cann.stream()):
        cann.aclrtStreamWaitEvent(waiter, event)
        cann.aclrtSynchronizeStream(waiter)

    assert cann.number("aclrtQueryEventWaitStatus", event) == 0


def test_a_reset_is_a_task_of_its_stream(cann: Cann) -> None:
    """What waits before the reset runs is let through."""
    gate, busy, waiter = Gate(), cann.stream(), cann.stream()
    event = cann.flag_event(SYNC)
    cann.aclrtRecordEvent(event, waiter)
    cann.aclrtLaunchHostFunc(busy, gate.function, 0)
    cann.aclrtResetEvent(event, busy)

    cann.aclrtStreamWaitEvent(waiter, event)
    cann.aclrtSynchronizeStream(waiter)

    gate.open.set()
    cann.aclrtSynchronizeStream(busy)
    cann.aclrtStreamWaitEvent(waiter, event)
    assert is_held_up(cann, waiter)


def test_who_waits_can_be_asked(cann: Cann) -> None:
    """The wait status is "not ready" as long as a stream waits."""
    waiter, event = cann.pointer("aclrtCreateStream"), cann.flag_event(SYNC)
    before = cann.number("aclrtQueryEventWaitStatus", event)
    cann.aclrtStreamWaitEvent(waiter, event)
    during = cann.number("aclrtQueryEventWaitStatus", event)
    cann.aclrtRecordEvent(event, cann.stream())
    cann.aclrtSynchronizeStream(waiter)
    cann.aclrtDestroyStream(waiter)

    while cann.number("aclrtQueryEventWaitStatus", event):
        pass

    assert (before, during) == (0, 1)


def test_a_flag_that_a_failed_stream_should_have_raised_fails_who_waits(cann: Cann) -> None:
    """The failure travels along the event; a reset and a good recording mend it."""
    failing, waiter, event = cann.stream(), cann.stream(), cann.flag_event(SYNC)
    cann.aclrtMemcpyAsync(4096, 4, b"data", 4, HOST_TO_DEVICE, failing)
    cann.aclrtRecordEvent(event, failing)
    cann.aclrtStreamWaitEvent(waiter, event)
    with pytest.raises(CannError):
        cann.aclrtSynchronizeStream(waiter)

    cann.aclrtResetEvent(event, waiter)
    cann.aclrtRecordEvent(event, cann.stream())
    cann.aclrtStreamWaitEvent(waiter, event)

    cann.aclrtSynchronizeStream(waiter)


def test_an_event_that_captured_nothing_is_complete(cann: Cann) -> None:
    """Nobody waits for it, the host or a stream."""
    stream, event = cann.stream(), cann.capturing_event()

    cann.aclrtStreamWaitEvent(stream, event)
    cann.aclrtSynchronizeStream(stream)

    assert cann.number("aclrtQueryEventStatus", event) == 1


def test_a_later_recording_does_not_change_what_is_waited_for(cann: Cann) -> None:
    """Who waits for an event that captures waits for what it had captured then."""
    gate, first, second, waiter = Gate(), cann.stream(), cann.stream(), cann.stream()
    opened, event = Gate(), cann.capturing_event()
    cann.aclrtLaunchHostFunc(first, opened.function, 0)
    cann.aclrtRecordEvent(event, first)
    cann.aclrtStreamWaitEvent(waiter, event)
    cann.aclrtLaunchHostFunc(second, gate.function, 0)
    cann.aclrtRecordEvent(event, second)

    opened.open.set()
    cann.aclrtSynchronizeStream(waiter)

    assert cann.number("aclrtQueryEventStatus", event) == 0
    gate.open.set()


@pytest.mark.parametrize("function", ["aclrtResetEvent", "aclrtQueryEventWaitStatus"])
def test_an_event_that_captures_is_not_reset(cann: Cann, function: str) -> None:
    """Two calls are documented as not for events of aclrtCreateEventExWithFlag."""
    event = cann.capturing_event()

    with pytest.raises(CannError, match="aclrtCreateEvent") as raised:
        getattr(cann, function)(event, cann.stream())

    assert raised.value.status == NOT_SUPPORTED


def test_a_forgotten_record_of_a_plain_event_is_an_error(cann: Cann) -> None:
    """Waiting for an event that was never recorded orders nothing."""
    with pytest.raises(CannError, match="never recorded") as raised:
        cann.aclrtStreamWaitEvent(cann.stream(), cann.event())

    assert raised.value.status == INVALID_PARAMETER


@pytest.mark.parametrize(
    "flags", [SYNC | EXTERNAL, SYNC | DEVICE_ONLY, IPC | TIME_LINE, IPC | SYNC, 0, 0x80]
)
@pytest.mark.parametrize("creator", CREATORS)
def test_flags_that_do_not_go_together_are_refused(cann: Cann, creator: str, flags: int) -> None:
    """No event is made of them."""
    with pytest.raises(CannError, match="flag") as raised:
        cann.pointer(creator, flags)

    assert raised.value.status == INVALID_PARAMETER


def test_one_call_makes_events_between_processes(cann: Cann) -> None:
    """The other one refuses the flag, and names the call that takes it."""
    with pytest.raises(CannError, match="aclrtCreateEventExWithFlag") as raised:
        cann.pointer("aclrtCreateEventWithFlag", IPC)

    assert raised.value.status == INVALID_PARAMETER
