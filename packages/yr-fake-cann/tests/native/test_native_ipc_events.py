"""Events between processes: one records, another waits, whatever becomes of either."""

import ctypes
import threading
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event as Flag

import pytest
from bindings import (
    EVENT_TIMEOUT,
    HOST_TO_DEVICE,
    PATIENCE,
    Cann,
    CannError,
    in_process,
    opened,
    pinned,
    start,
)
from event_handles import IPC, export_event, import_event
from gates import Gate, is_held_up

MODES = pytest.mark.parametrize("mode", ["inline", "async"])
ROUNDS = 3
# More recordings of one event than are kept.
MANY = 100


def behind_a_gate(cann: Cann, event: int) -> Gate:
    """Record the event in a stream that is held up."""
    gate, stream = Gate(), cann.stream()
    cann.aclrtLaunchHostFunc(stream, gate.function, 0)
    cann.aclrtRecordEvent(event, stream)
    return gate


def wait_for(handle: bytes, waiting: Flag) -> tuple[int, bool, int]:
    """Wait for an event of another process in a stream and on the host."""
    cann = opened(1)
    event, stream = import_event(cann, handle), cann.stream()
    before = cann.number("aclrtQueryEventStatus", event)
    cann.aclrtStreamWaitEvent(stream, event)
    held_up = is_held_up(cann, stream)
    waiting.set()
    cann.aclrtSynchronizeStream(stream)
    cann.aclrtSynchronizeEvent(event)
    after = cann.number("aclrtQueryEventStatus", event)
    cann.aclrtDestroyEvent(event)
    return before, held_up, after


def let_another_process_wait() -> tuple[int, bool, int]:
    """Open a gate before a recording once another process waits for that."""
    cann, waiting = opened(), get_context("spawn").Event()
    event = cann.capturing_event(IPC)
    gate = behind_a_gate(cann, event)
    waiter = start(wait_for, export_event(cann, event), waiting)
    waiting.wait(PATIENCE)
    gate.open.set()
    seen: tuple[int, bool, int] = waiter.result()
    cann.release()
    return seen


def open_first(handle: bytes, opening: Connection) -> list[int]:
    """Open an event before anything was recorded, and ask again when it was."""
    cann = opened(1)
    event = import_event(cann, handle)
    cann.aclrtSynchronizeEvent(event)
    answers = [cann.number("aclrtQueryEventStatus", event)]
    opening.send("open")
    opening.recv()
    answers.append(cann.number("aclrtQueryEventStatus", event))
    opening.send("asked")
    cann.aclrtSynchronizeEvent(event)
    return answers


def read_in_rounds(ready: bytes, taken: bytes, key: bytes, turn: Connection) -> list[bytes]:
    """Read what another process has copied, each time behind its event, and answer with another."""
    cann = opened(1)
    recorded, answer = import_event(cann, ready), import_event(cann, taken)
    address, stream = cann.pointer("aclrtIpcMemImportByKey", key, 0), cann.stream()
    read = list[bytes]()
    for _ in range(ROUNDS):
        turn.recv()
        cann.aclrtStreamWaitEvent(stream, recorded)
        cann.aclrtSynchronizeStream(stream)
        read.append(cann.read(address, 4))
        cann.aclrtRecordEvent(answer, stream)
        turn.send("recorded")
    cann.aclrtSynchronizeStream(stream)
    return read


def write_in_rounds() -> list[bytes]:
    """Copy to memory that another process reads, with one event for each direction."""
    cann, (here, there) = opened(), get_context("spawn").Pipe()
    ready, taken, stream = cann.capturing_event(IPC), cann.capturing_event(IPC), cann.stream()
    address, key = cann.malloc(4), ctypes.create_string_buffer(65)
    cann.aclrtIpcMemGetExportKey(address, 4, key, 65, 0)
    handles = export_event(cann, ready), export_event(cann, taken)
    reader = start(read_in_rounds, *handles, key.value, there)
    with pinned(cann, 4) as source:
        for number in range(ROUNDS):
            cann.aclrtSynchronizeEvent(taken)
            # A sanitizer does not see an order that comes about in another process.
            cann.aclrtSynchronizeStream(stream)
            ctypes.memmove(source.address, b"no %d" % number, 4)
            cann.aclrtMemcpyAsync(address, 4, source.address, 4, HOST_TO_DEVICE, stream)
            cann.aclrtRecordEvent(ready, stream)
            here.send("recorded")
            here.recv()
        read: list[bytes] = reader.result()
    cann.release()
    return read


@MODES
def test_who_waits_in_another_process_waits_for_the_stream(mode: str) -> None:
    """Its stream and its host are held up until the stream of the recording comes to the event."""
    seen = in_process(let_another_process_wait, settings={"YR_FAKE_CANN_STREAMS": mode})

    assert seen == (0, True, 1)


@MODES
def test_each_recording_is_waited_for(mode: str) -> None:
    """One event serves round after round, in either direction, and the bytes are the new ones."""
    delay = {"YR_FAKE_CANN_STREAMS": mode, "YR_FAKE_CANN_DELAY_US": "100000"}

    assert in_process(write_in_rounds, settings=delay) == [b"no 0", b"no 1", b"no 2"]


def test_an_event_may_be_opened_before_it_is_recorded(cann: Cann) -> None:
    """Until then it is complete, as one that captured nothing is; then it follows its maker."""
    event, (here, there) = cann.capturing_event(IPC), get_context("spawn").Pipe()
    opener = start(open_first, export_event(cann, event), there)
    here.recv()

    gate = behind_a_gate(cann, event)
    here.send("recorded")
    here.recv()
    gate.open.set()

    assert opener.result() == [1, 0]


def test_a_later_recording_changes_nothing_for_who_waits(cann: Cann) -> None:
    """Through another handle, too, what counts is what was captured when the wait was queued."""
    event, waiter = cann.capturing_event(IPC), cann.stream()
    imported = import_event(cann, export_event(cann, event))
    first = behind_a_gate(cann, event)
    cann.aclrtStreamWaitEvent(waiter, imported)
    second = behind_a_gate(cann, event)

    first.open.set()
    cann.aclrtSynchronizeStream(waiter)

    assert cann.number("aclrtQueryEventStatus", imported) == 0
    second.open.set()
    cann.aclrtSynchronizeEvent(imported)
    cann.aclrtDestroyEvent(imported)


def test_recordings_may_complete_in_another_order(cann: Cann) -> None:
    """A recording in a quick stream does not let through who waits for one in a slow stream."""
    event, waiter = cann.capturing_event(IPC), cann.stream()
    slow = behind_a_gate(cann, event)
    cann.aclrtStreamWaitEvent(waiter, event)
    cann.aclrtRecordEvent(event, cann.stream())
    cann.aclrtSynchronizeEvent(event)

    held_up = is_held_up(cann, waiter)

    slow.open.set()
    cann.aclrtSynchronizeStream(waiter)
    assert held_up


def test_a_wait_on_the_host_may_be_bounded(cann: Cann) -> None:
    """The timeout of a synchronize holds for these events, too."""
    event = cann.capturing_event(IPC)
    gate = behind_a_gate(cann, event)

    with pytest.raises(CannError, match="did not complete in time") as raised:
        cann.aclrtSynchronizeEventWithTimeout(event, 10)

    assert raised.value.status == EVENT_TIMEOUT
    gate.open.set()


def test_who_records_faster_than_its_stream_runs_waits(cann: Cann) -> None:
    """No recording that somebody may wait for is forgotten, and all complete in the end."""
    event, stream, gate = cann.capturing_event(IPC), cann.stream(), Gate()
    cann.aclrtLaunchHostFunc(stream, gate.function, 0)
    recorder = threading.Thread(
        target=lambda: [cann.aclrtRecordEvent(event, stream) for _ in range(MANY)]
    )
    recorder.start()
    recorder.join(0.2)
    waits = recorder.is_alive()

    gate.open.set()
    recorder.join(PATIENCE)
    cann.aclrtSynchronizeEvent(event)

    assert waits
    assert cann.number("aclrtQueryEventStatus", event) == 1
