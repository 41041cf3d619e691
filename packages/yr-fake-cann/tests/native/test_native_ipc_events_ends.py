"""Events between processes when one of them ends, fails, or destroys what the other has open."""

import os
import signal
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import pytest
from bindings import (
    HOST_TO_DEVICE,
    INVALID_HANDLE,
    INVALID_PARAMETER,
    NOT_SUPPORTED,
    OUT_OF_MEMORY,
    PATIENCE,
    REMOTE_LOST,
    Cann,
    CannError,
    Started,
    in_process,
    opened,
    start,
)
from event_handles import IPC, export_event, import_event
from gates import Gate

# How many events between processes one process may have.
SLOTS: Final = 8192
TABLE: Final = "/memfd:yr_fake_cann_events"


def query(cann: Cann, event: int) -> None:
    """Ask whether the event is complete."""
    cann.number("aclrtQueryEventStatus", event)


def synchronize(cann: Cann, event: int) -> None:
    """Wait for the event on the host."""
    cann.aclrtSynchronizeEvent(event)


def wait_in_a_stream(cann: Cann, event: int) -> None:
    """Let a stream wait for the event, and the host for the stream."""
    stream = cann.stream()
    cann.aclrtStreamWaitEvent(stream, event)
    cann.aclrtSynchronizeStream(stream)


Ask = Callable[[Cann, int], None]
ASKING = pytest.mark.parametrize("ask", [query, synchronize, wait_in_a_stream])


def record_and_stay(handles: Connection, fails: bool) -> None:
    """Record an event in a stream that never comes to it, send its handle, and wait for the end."""
    cann, gate = opened(1), Gate()
    event, stream = cann.capturing_event(IPC), cann.stream()
    if fails:
        cann.aclrtMemcpyAsync(4096, 4, b"data", 4, HOST_TO_DEVICE, stream)
    else:
        cann.aclrtLaunchHostFunc(stream, gate.function, 0)
    cann.aclrtRecordEvent(event, stream)
    handles.send(export_event(cann, event))
    handles.recv()
    gate.open.set()
    if not fails:
        cann.aclrtSynchronizeStream(stream)


class Recorder:
    """A process with an event that it has recorded, and the handle of that."""

    def __init__(self, fails: bool = False) -> None:
        self.pipe, there = get_context("spawn").Pipe()
        self.started: Started = start(record_and_stay, there, fails)
        there.close()
        assert self.pipe.poll(PATIENCE)
        self.handle: bytes = self.pipe.recv()

    def kill(self) -> None:
        """Kill it; nobody waits for it yet, so the system still knows its id."""
        process = self.started.process.pid or 0
        os.kill(process, signal.SIGKILL)
        os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)

    def end(self) -> None:
        """Let it end by itself."""
        self.pipe.send("end")
        self.started.end()


def fill_the_table() -> tuple[int, int, int]:
    """Make events until there is no room, and use one of many that were destroyed before."""
    cann = opened()
    first = cann.pointer("aclrtCreateEventExWithFlag", IPC)
    imported = import_event(cann, export_event(cann, first))
    cann.aclrtDestroyEvent(first)
    made = [cann.pointer("aclrtCreateEventExWithFlag", IPC) for _ in range(SLOTS - 1)]
    cann.aclrtSynchronizeEvent(imported)
    last = cann.pointer("aclrtCreateEventExWithFlag", IPC)
    gone = _status(lambda: cann.aclrtSynchronizeEvent(imported))
    full = _status(lambda: cann.pointer("aclrtCreateEventExWithFlag", IPC))
    cann.aclrtDestroyEvent(imported)
    cann.aclrtDestroyEvent(last)
    made.append(cann.pointer("aclrtCreateEventExWithFlag", IPC))
    return gone, full, len(made)


@ASKING
def test_a_recorder_that_was_killed_is_an_error(cann: Cann, ask: Ask) -> None:
    """Who asks about its event learns that it will not complete, and is not kept waiting."""
    recorder = Recorder()
    event = import_event(cann, recorder.handle)
    recorder.kill()

    with pytest.raises(CannError, match="has ended before its stream came to the event") as raised:
        ask(cann, event)

    assert raised.value.status == REMOTE_LOST
    recorder.started.end()
    cann.aclrtDestroyEvent(event)


@ASKING
def test_a_stream_that_failed_in_another_process_is_an_error(cann: Cann, ask: Ask) -> None:
    """Its status comes along the event, as within a process."""
    recorder = Recorder(fails=True)
    event = import_event(cann, recorder.handle)

    with pytest.raises(CannError, match="failed with 107000 before the event") as raised:
        ask(cann, event)

    assert raised.value.status == INVALID_PARAMETER
    recorder.end()
    cann.aclrtDestroyEvent(event)


def test_who_waits_when_the_recorder_is_killed_is_let_go(cann: Cann) -> None:
    """A stream that waits already fails, and the event can be recorded here instead."""
    recorder, stream = Recorder(), cann.stream()
    event = import_event(cann, recorder.handle)
    cann.aclrtStreamWaitEvent(stream, event)
    recorder.kill()
    with pytest.raises(CannError, match="has ended"):
        cann.aclrtSynchronizeStream(stream)

    cann.aclrtRecordEvent(event, stream)
    cann.aclrtSynchronizeEvent(event)

    assert cann.number("aclrtQueryEventStatus", event) == 1
    recorder.started.end()
    cann.aclrtDestroyEvent(event)


def test_killed_processes_leave_no_memory(cann: Cann) -> None:
    """The events of a process are in no file system, and unmapped with the last open one."""
    before = _tables(), _named_memory()
    recorder = Recorder()
    event = import_event(cann, recorder.handle)
    opened_tables = _tables()
    recorder.kill()
    recorder.started.end()

    cann.aclrtDestroyEvent(event)

    assert opened_tables == before[0] + 1
    assert (_tables(), _named_memory()) == before


def test_a_handle_of_an_event_that_was_destroyed_is_refused(cann: Cann) -> None:
    """Nothing is opened, although its process lives and has made another event since."""
    event = cann.pointer("aclrtCreateEventExWithFlag", IPC)
    handle = export_event(cann, event)
    cann.aclrtDestroyEvent(event)
    cann.capturing_event(IPC)

    with pytest.raises(CannError, match="the event was destroyed") as raised:
        import_event(cann, handle)

    assert raised.value.status == INVALID_PARAMETER


def test_a_handle_of_a_process_that_ended_is_refused(cann: Cann) -> None:
    """Its events are gone with it."""
    recorder = Recorder()
    recorder.end()

    with pytest.raises(CannError, match="its process is gone"):
        import_event(cann, recorder.handle)


def test_a_handle_names_an_event_and_no_other_file(cann: Cann) -> None:
    """What is no handle, or one of another file of the process, is refused."""
    reading, writing = os.pipe()
    named = f"yrfce:{os.getpid()}:{reading}:0:1".encode()

    for handle in (named, b"nothing", b"x" * 64):
        with pytest.raises(CannError, match="is no handle of an event"):
            import_event(cann, handle.ljust(64, b"\0"))

    os.close(reading)
    os.close(writing)


def test_an_open_event_outlives_the_one_it_came_from(cann: Cann) -> None:
    """Who has opened it goes on with it when its maker has destroyed its own."""
    event = cann.pointer("aclrtCreateEventExWithFlag", IPC)
    imported, stream = import_event(cann, export_event(cann, event)), cann.stream()
    cann.aclrtDestroyEvent(event)

    cann.aclrtRecordEvent(imported, stream)
    cann.aclrtSynchronizeEvent(imported)

    assert cann.number("aclrtQueryEventStatus", imported) == 1
    cann.aclrtDestroyEvent(imported)


def test_a_process_opens_an_event_of_its_own(cann: Cann) -> None:
    """The handle works where it was made, and what was opened has the same handle."""
    event = cann.capturing_event(IPC)
    handle = export_event(cann, event)
    imported = import_event(cann, handle)
    gate, stream = Gate(), cann.stream()
    cann.aclrtLaunchHostFunc(stream, gate.function, 0)
    cann.aclrtRecordEvent(imported, stream)

    before = cann.number("aclrtQueryEventStatus", event)
    gate.open.set()
    cann.aclrtSynchronizeEvent(event)

    assert (before, cann.number("aclrtQueryEventStatus", event)) == (0, 1)
    assert export_event(cann, imported) == handle
    cann.aclrtDestroyEvent(imported)


def test_a_place_is_taken_again_late_and_then_the_old_event_is_gone() -> None:
    """A destroyed event is usable until thousands of others were made, and those must fit."""
    assert in_process(fill_the_table) == (INVALID_HANDLE, OUT_OF_MEMORY, SLOTS)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("aclrtResetEvent", ("event", "stream")),
        ("aclrtQueryEventWaitStatus", ("event", "stream")),
        ("aclrtEventElapsedTime", ("stream", "event", "event")),
        ("aclrtEventGetTimestamp", ("event", "stream")),
    ],
)
def test_what_is_documented_as_not_for_these_events_is_refused(
    cann: Cann, function: str, arguments: tuple[str, ...]
) -> None:
    """They are not reset, do not tell who waits, and keep no time."""
    known = {"event": cann.capturing_event(IPC), "stream": cann.stream()}

    with pytest.raises(CannError, match=function) as raised:
        getattr(cann, function)(*(known[name] for name in arguments))

    assert raised.value.status == NOT_SUPPORTED


def test_another_kind_of_event_has_no_handle(cann: Cann) -> None:
    """Only an event that was made for it leaves its process."""
    with pytest.raises(CannError, match="ACL_EVENT_IPC") as raised:
        export_event(cann, cann.capturing_event())

    assert raised.value.status == INVALID_PARAMETER


def _status(call: Callable[[], object]) -> int:
    try:
        call()
    except CannError as error:
        return error.status
    return 0


def _tables() -> int:
    lines = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    return len([line for line in lines if TABLE in line])


def _named_memory() -> set[str]:
    return {name for name in os.listdir("/dev/shm") if "yr_fake_cann" in name}  # noqa: S108
