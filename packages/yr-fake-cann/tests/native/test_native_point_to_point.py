"""HCCL between two ranks: messages, several communicators, timeouts, dead and wrong peers."""

import ctypes
import os
import signal
import time
from typing import Final

import psutil
import pytest
from bindings import (
    PATIENCE,
    REMOTE_LOST,
    TASK_TIMEOUT,
    Cann,
    CannError,
    Started,
    opened,
    start,
)
from ranks import INT8, communicator, in_threads, root_info

REMOTE: Final = 21
PARAMETER: Final = 1


def send_and_receive(cann: Cann, rank: int, root: ctypes.Array[ctypes.c_char]) -> bytes:
    """Send four bytes from rank 0 to rank 1; return what each has at the end."""
    group, stream, address = communicator(cann, 2, root, rank), cann.stream(), cann.malloc(4)
    cann.write(address, [b"sent", b"none"][rank])
    [cann.HcclSend, cann.HcclRecv][rank](address, 4, INT8, 1 - rank, group, stream)
    cann.aclrtSynchronizeStream(stream)
    cann.HcclCommDestroy(group)
    return cann.read(address, 4)


def send_then_die(root: bytes) -> None:
    """Send one message as rank 1, then be killed."""
    cann = opened(1)
    group, stream = (
        communicator(cann, 2, ctypes.create_string_buffer(root, len(root)), 1),
        cann.stream(),
    )
    cann.HcclSend(cann.malloc(4), 4, INT8, 0, group, stream)
    cann.aclrtSynchronizeStream(stream)
    os.kill(os.getpid(), signal.SIGKILL)


def receive_from_the_dead() -> tuple[int, int, int]:
    """Return the event's state, the communicator's error and the status of a second receive."""
    cann = opened()
    root = root_info(cann)
    peer = start(send_then_die, root.raw)
    group, stream, address = communicator(cann, 2, root, 0), cann.stream(), cann.malloc(4)
    cann.HcclRecv(address, 4, INT8, 1, group, stream)
    cann.aclrtSynchronizeStream(stream)
    peer.end()
    event = cann.event()
    cann.HcclRecv(address, 4, INT8, 1, group, stream)
    cann.aclrtRecordEvent(event, stream)
    status = _status_of(cann, stream)
    complete = cann.number("aclrtQueryEventStatus", event)
    return complete, cann.number("HcclGetCommAsyncError", group), status


def receive_on_a_connection_that_is_gone() -> int:
    """Return the status of a second receive, on a communicator that ends with its peer."""
    cann = opened()
    root = root_info(cann)
    peer = start(send_then_die, root.raw)
    group, stream, address = communicator(cann, 2, root, 0), cann.stream(), cann.malloc(4)
    cann.yr_fake_cann_end_when_lost(group)
    peer.end()
    for _ in range(2):
        cann.HcclRecv(address, 4, INT8, 1, group, stream)
    return _status_of(cann, stream)


def receive_in_vain() -> int:
    """Return the status of a receive that nobody sends to."""
    statuses = in_threads(2, _receive_or_stay)
    return int(statuses[0])


def _receive_or_stay(cann: Cann, rank: int, root: ctypes.Array[ctypes.c_char]) -> int:
    group, stream, address = communicator(cann, 2, root, rank), cann.stream(), cann.malloc(4)
    if rank:
        return 0
    cann.HcclRecv(address, 4, INT8, 1, group, stream)
    return _status_of(cann, stream)


def _status_of(cann: Cann, stream: int) -> int:
    """Return what waiting for a stream fails with, 0 if it does not."""
    try:
        cann.aclrtSynchronizeStream(stream)
    except CannError as error:
        return error.status
    return 0


def test_a_message_arrives() -> None:
    """What rank 0 sends is what rank 1 has."""
    assert in_threads(2, send_and_receive) == [b"sent", b"sent"]


def test_several_communicators_live_in_one_process() -> None:
    """Each has its own connections and meeting point."""

    def both(cann: Cann, rank: int, root: ctypes.Array[ctypes.c_char]) -> bytes:
        first = communicator(cann, 2, root, rank)
        return send_and_receive(cann, rank, next_root) + bytes(bool(first))

    next_root = root_info(opened())

    assert in_threads(2, both) == [b"sent\0", b"sent\0"]


def test_a_connection_of_a_transfer_engine_ends_with_its_peer() -> None:
    """HCCL_EXEC_TIMEOUT, half an hour by default, is not waited for: the process could not end."""
    waiting: Started = start(receive_on_a_connection_that_is_gone)

    assert waiting.result() == REMOTE_LOST


def test_messages_go_both_ways_at_once() -> None:
    """A batch of a send and a receive on each rank does not block."""

    def swap(cann: Cann, rank: int, root: ctypes.Array[ctypes.c_char]) -> bytes:
        size = 1 << 22
        group, stream = communicator(cann, 2, root, rank), cann.stream()
        mine, theirs = cann.malloc(size), cann.malloc(size)
        cann.write(mine, bytes([rank + 1]) * size)
        # Two items of {kind, buffer, count, type, peer}.
        items = (ctypes.c_uint64 * 8)(
            0, mine, size, INT8 | (1 - rank) << 32, 1, theirs, size, INT8 | (1 - rank) << 32
        )
        cann.HcclBatchSendRecv(items, 2, group, stream)
        cann.aclrtSynchronizeStream(stream)
        return cann.read(theirs + size - 1, 1)

    assert in_threads(2, swap) == [b"\2", b"\1"]


def test_two_ranks_may_not_share_an_npu() -> None:
    """Both sides are refused, with the NPU named."""

    def meet(cann: Cann, rank: int, root: ctypes.Array[ctypes.c_char]) -> tuple[int, str]:
        cann.aclrtSetDevice(3)
        try:
            communicator(cann, 2, root, rank)
        except CannError as error:
            return error.status, error.message
        return 0, ""

    outcomes = in_threads(2, meet)

    assert {status for status, _ in outcomes} == {PARAMETER}
    assert all("are both on physical NPU 3" in message for _, message in outcomes)


def test_sizes_that_differ_fail_on_both_sides() -> None:
    """A receive of another size than the send is found, not waited for."""

    def differ(cann: Cann, rank: int, root: ctypes.Array[ctypes.c_char]) -> str:
        group, stream, address = communicator(cann, 2, root, rank), cann.stream(), cann.malloc(8)
        [cann.HcclSend, cann.HcclRecv][rank](address, 4 + rank, INT8, 1 - rank, group, stream)
        with pytest.raises(CannError) as raised:
            cann.aclrtSynchronizeStream(stream)
        return raised.value.message

    messages = in_threads(2, differ)

    assert "is in another operation or expects another size" in messages[0]
    assert "ranks disagree" in messages[1]


def test_a_receive_of_nothing_times_out() -> None:
    """HCCL_EXEC_TIMEOUT bounds a task."""
    vain = start(receive_in_vain, settings={"HCCL_EXEC_TIMEOUT": "1"})

    assert vain.result() == TASK_TIMEOUT


def test_a_dead_peer_never_answers() -> None:
    """The event stays incomplete, the communicator reports a remote error, the task times out."""
    survivor = start(receive_from_the_dead, settings={"HCCL_EXEC_TIMEOUT": "2"})

    assert survivor.result() == (0, REMOTE, REMOTE_LOST)


def test_a_rank_that_never_comes_times_out() -> None:
    """HCCL_CONNECT_TIMEOUT bounds the meeting."""
    alone: Started = start(meet_alone, settings={"HCCL_CONNECT_TIMEOUT": "1"})

    assert "rank 0 did not meet all 2 ranks" in alone.result()


def meet_alone() -> str:
    """Return the error of a communicator whose other rank does not come."""
    cann = opened()
    try:
        communicator(cann, 2, root_info(cann), 0)
    except CannError as error:
        return error.message
    return ""


def test_a_root_that_no_rank_comes_to_gives_its_port_back() -> None:
    """HCCL_CONNECT_TIMEOUT bounds that, too: a port stays no longer than a rank may wait."""
    left: Started = start(leave_a_root, settings={"HCCL_CONNECT_TIMEOUT": "1"})

    assert left.result() == (1, 0)


def leave_a_root() -> tuple[int, int]:
    """Return how many more ports this process listens on with the root, and in the end."""
    before = listening()
    root_info(opened())
    during, deadline = listening(), time.monotonic() + PATIENCE
    while (after := listening()) > before and time.monotonic() < deadline:
        time.sleep(0.01)
    return during - before, after - before


def listening() -> int:
    """Count the sockets of this process that listen."""
    sockets = psutil.Process().net_connections("tcp")
    return sum(one.status == psutil.CONN_LISTEN for one in sockets)
