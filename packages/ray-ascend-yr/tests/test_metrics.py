"""Metrics: what a process hands to Ray after transfers that are known, and when it does not."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import uuid

import pytest
import torch
from conftest import Sandbox
from metric_records import recorded
from ray.experimental import CommunicatorMetadata
from test_process_state import in_child

from ray_ascend import YRTensorTransport
from ray_ascend.errors import (
    ObjectLostError,
    StoreFullError,
    StoreUnavailableError,
    UnsupportedTensorError,
)
from ray_ascend.metrics import recorder
from ray_ascend.metrics.events import Freed, Retried
from ray_ascend.metrics.exporter import Exporter
from ray_ascend.metrics.recorder import record
from ray_ascend.store import retries as tried
from ray_ascend.store.connection import current
from ray_ascend.store.retries import Retries

NOBODY = CommunicatorMetadata()
THREAD = "yr-metrics"
WITHOUT_RAY = """
from ray_ascend.metrics.events import Freed
from ray_ascend.metrics.recorder import record, watch_keys
record(Freed("cpu", 1))
watch_keys(lambda: 1)
"""


@pytest.fixture
def transport(registered: Sandbox) -> YRTensorTransport:
    """A transport in this process."""
    return YRTensorTransport()


def threads() -> int:
    """Count the threads of exporters in this process."""
    return sum(thread.name == THREAD for thread in threading.enumerate())


def hand_over() -> None:
    """Do now what this process's exporter does every few seconds."""
    made = recorder._process.recorder
    assert made is not None
    assert made.exporter is not None
    made.exporter.hand_over()


@pytest.mark.datasystem
def test_transfers_move_exactly_their_metrics(transport: YRTensorTransport) -> None:
    """Two objects stored, one of them received twice, one freed; one key is owned then."""
    first, second = uuid.uuid4().hex, uuid.uuid4().hex
    with recorded() as records:
        metadata = transport.extract_tensor_transport_metadata(first, [torch.ones(100)])
        freed = transport.extract_tensor_transport_metadata(second, [torch.ones(10)])
        for _ in range(2):
            transport.recv_multiple_tensors(first, metadata, NOBODY)
        transport.garbage_collect(second, freed)
        transport.garbage_collect(second, freed)

    assert records.totals() == {
        "ascend_transfers_total store cpu": 2,
        "ascend_transfers_total receive cpu": 2,
        "ascend_transfers_total free cpu": 1,
        "ascend_transfer_bytes_total store cpu": 440,
        "ascend_transfer_bytes_total receive cpu": 800,
        "ascend_transfer_bytes_total free cpu": 40,
    }
    assert len(records.given["ascend_transfer_seconds store cpu"]) == 2
    assert len(records.given["ascend_transfer_seconds receive cpu"]) == 2
    transport.garbage_collect(first, metadata)


@pytest.mark.datasystem
def test_seconds_are_those_of_the_whole_transfer(transport: YRTensorTransport) -> None:
    """A fetch begins where Ray announces it, which may be long before it is waited for."""
    obj_id = uuid.uuid4().hex
    metadata = transport.extract_tensor_transport_metadata(obj_id, [torch.ones(100)])
    with recorded() as records:
        begin = time.perf_counter()
        fetch = transport.fetch_multiple_tensors(obj_id, metadata, NOBODY)
        fetch.began -= 100.0
        transport.wait_fetch_complete(fetch)
        end = time.perf_counter()

    (seconds,) = records.given["ascend_transfer_seconds receive cpu"]
    assert 100.0 < seconds <= 100.0 + end - begin
    transport.garbage_collect(obj_id, metadata)


@pytest.mark.datasystem
def test_failures_have_the_class_of_their_error(transport: YRTensorTransport) -> None:
    """In each phase; a transfer that failed is none that was made."""
    obj_id = uuid.uuid4().hex
    metadata = transport.extract_tensor_transport_metadata(obj_id, [torch.ones(3)])
    transport.garbage_collect(obj_id, metadata)
    with recorded() as records:
        with pytest.raises(UnsupportedTensorError):
            transport.extract_tensor_transport_metadata(obj_id, [torch.eye(2).to_sparse()])
        with pytest.raises(ObjectLostError):
            transport.recv_multiple_tensors(obj_id, metadata, NOBODY)
        with pytest.raises(UnsupportedTensorError):
            transport.fetch_multiple_tensors(obj_id, metadata, NOBODY, [])

    assert records.totals() == {
        "ascend_transfer_failures_total store UnsupportedTensorError": 1,
        "ascend_transfer_failures_total receive ObjectLostError": 1,
        "ascend_transfer_failures_total receive UnsupportedTensorError": 1,
    }


@pytest.mark.datasystem
def test_objects_without_bytes_move_nothing(transport: YRTensorTransport) -> None:
    """They travel in the metadata alone, and the datasystem never hears of them."""
    with recorded() as records:
        metadata = transport.extract_tensor_transport_metadata("none", [torch.ones(3, 0)])
        transport.recv_multiple_tensors("none", metadata, NOBODY)

    assert records.given == {}


@pytest.mark.datasystem
def test_owned_keys_are_counted_when_they_are_asked_for(registered: Sandbox) -> None:
    """The gauge has what the ledger of the latest worker lists at that time."""
    with recorded() as records:
        transport = YRTensorTransport()
        recorder.watch_keys(lambda: 41)
        recorder.watch_keys(lambda: 42)

    assert records.given == {"ascend_keys_owned": [42]}
    metadata = transport.extract_tensor_transport_metadata("kept", [torch.ones(3)])
    ledger = current()._ledger
    assert ledger is not None
    before = ledger.count()
    transport.garbage_collect("kept", metadata)
    assert ledger.count() == before - 1


@pytest.mark.datasystem
@pytest.mark.parametrize(
    ("error", "reason"),
    [(StoreFullError("no space"), "no_room"), (StoreUnavailableError("gone"), "unreachable")],
)
@pytest.mark.usefixtures("registered")
def test_retries_have_a_reason(
    monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    """Each attempt that follows a failed one is a retry."""
    monkeypatch.setattr(tried, "ROOM_PAUSE_S", 0.01)
    with recorded() as records:
        retries, failures = Retries(time.monotonic() + 60, room_s=60), 3
        while failures:
            with retries.attempt():
                failures -= 1
                raise error

    assert records.totals() == {f"ascend_transfer_retries_total {reason}": 3}


@pytest.mark.datasystem
@pytest.mark.usefixtures("registered")
def test_the_thread_begins_with_the_first_event() -> None:
    """None before, one for all threads of the process, none after the end."""
    before = threads()
    with recorded():
        assert threads() == before
        many = [threading.Thread(target=record, args=(Retried("no_room"),)) for _ in range(8)]
        for thread in many:
            thread.start()
        for thread in many:
            thread.join()

        assert threads() == before + 1
    assert threads() == before


@pytest.mark.datasystem
@pytest.mark.usefixtures("registered")
def test_it_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """`RAY_ASCEND_METRICS=0` leaves thread and memory out."""
    monkeypatch.setenv("RAY_ASCEND_METRICS", "0")
    before = threads()
    with recorded() as records:
        record(Freed("cpu", 1))
        made = recorder._process.recorder

        assert threads() == before
        assert made is not None
        assert made.take() == []
    assert records.given == {}


def test_without_ray_nothing_is_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """What happens then is dropped: in a later cluster it would be another one's."""
    monkeypatch.setattr("ray.is_initialized", lambda: False)
    with recorded() as records:
        record(Freed("cpu", 1))
        hand_over()
        monkeypatch.setattr("ray.is_initialized", lambda: True)
        record(Freed("npu", 2))

    assert records.totals() == {
        "ascend_transfers_total free npu": 1,
        "ascend_transfer_bytes_total free npu": 2,
    }


def test_a_program_without_ray_notices_nothing() -> None:
    """It ends in order and says nothing, with warnings as errors."""
    command = [sys.executable, "-W", "error", "-c", WITHOUT_RAY]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_goes_wrong_in_ray_disturbs_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next events are handed over as ever."""
    monkeypatch.setattr("ray.is_initialized", lambda: 1 // 0)
    with recorded() as records:
        record(Freed("cpu", 1))
        hand_over()
        monkeypatch.setattr("ray.is_initialized", lambda: True)
        record(Retried("no_room"))

    assert records.totals() == {"ascend_transfer_retries_total no_room": 1}


def test_an_interpreter_that_takes_no_threads_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is ending frees objects still, and nothing is handed over any more."""

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(Exporter, "start", refuse)
    before = threads()
    with recorded():
        record(Freed("cpu", 1))
        record(Freed("cpu", 2))
        made = recorder._process.recorder

        assert threads() == before
        assert made is not None
        assert made.take() == []


def test_the_child_of_a_fork_begins_anew() -> None:
    """It has a thread of its own, none of its parent's events, and leaves the parent's alone."""

    def events() -> str:
        record(Retried("no_room"))
        made = recorder._process.recorder
        return f"{threads()} {[] if made is None else [one.value for one in made.take()]}"

    with recorded():
        record(Freed("cpu", 1))

        assert in_child(events) == "1 [1]"
