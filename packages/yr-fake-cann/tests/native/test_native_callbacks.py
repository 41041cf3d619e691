"""Host functions that a stream calls in a thread that subscribed to it."""

import ctypes
import threading

import pytest
from bindings import REPORT_TIMEOUT, Cann, CannError
from gates import HOST_FUNCTION

BLOCKING = 1


def test_a_callback_runs_in_the_subscribed_thread(cann: Cann) -> None:
    """The stream goes on when the thread has processed the report."""
    stream, threads = cann.stream(), list[int]()
    function = HOST_FUNCTION(lambda _: threads.append(threading.get_ident()))
    cann.aclrtSubscribeReport(threading.get_ident(), stream)

    cann.aclrtLaunchCallback(function, 0, BLOCKING, stream)
    cann.aclrtProcessReport(10_000)
    cann.aclrtSynchronizeStream(stream)

    assert threads == [threading.get_ident()]


def test_without_a_callback_processing_times_out(cann: Cann) -> None:
    """Processing reports returns after its timeout."""
    with pytest.raises(CannError) as raised:
        cann.aclrtProcessReport(1)

    assert raised.value.status == REPORT_TIMEOUT


def test_a_callback_needs_a_subscribed_thread(cann: Cann) -> None:
    """The error names the stream."""
    stream, function = cann.stream(), HOST_FUNCTION(lambda _: None)

    with pytest.raises(CannError, match="no thread has subscribed"):
        cann.aclrtLaunchCallback(function, ctypes.c_void_p(), BLOCKING, stream)
