"""Streams and events through torch.npu, and what they order."""

import pytest
import torch
from isolation import run_python
from torch_npu import npu


def test_work_on_a_side_stream_is_seen_after_waiting(device: torch.device) -> None:
    """One stream waits for another."""
    npu.set_device(device)
    side = npu.Stream()
    source = torch.arange(1000.0, device=device)

    with npu.stream(side):
        copied = source.clone()
    npu.current_stream().wait_stream(side)

    assert torch.equal(copied, source)


def test_events_complete_and_measure(device: torch.device) -> None:
    """Recorded events complete, and the time between them is not negative."""
    npu.set_device(device)
    start, end = (npu.Event(enable_timing=True) for _ in range(2))

    start.record()
    torch.ones(10, device=device).add_(1)
    end.record()
    end.synchronize()

    assert start.query()
    assert end.query()
    assert start.elapsed_time(end) >= 0


def test_the_current_stream_follows_the_context(device: torch.device) -> None:
    """Within ``torch.npu.stream`` that stream is current, afterwards the one before."""
    npu.set_device(device)
    before, side = npu.current_stream(), npu.Stream()

    with npu.stream(side):
        inside = npu.current_stream()

    assert inside == side
    assert npu.current_stream() == before


def test_a_stream_belongs_to_its_device(device: torch.device) -> None:
    """Streams name their device."""
    assert npu.Stream(device=device).device == device


def test_every_thread_has_a_current_device() -> None:
    """A new thread starts on npu:0, as with the real runtime, and computes where it says."""
    script = """
import threading, torch
torch.npu.set_device(3)
seen = []
def work():
    seen.append((torch.ones(2, device="npu:2") + 1).sum().item())
    seen.append(torch.npu.current_device())
thread = threading.Thread(target=work); thread.start(); thread.join()
print(seen, torch.npu.current_device())
"""
    assert run_python(script).splitlines()[-1] == "[4.0, 0] 3"


def test_a_missing_wait_between_streams_shows_as_wrong_data() -> None:
    """In asynchronous mode a copy is late, and only who waits for its stream sees it."""
    script = """
import torch
side = torch.npu.Stream()
source, target = torch.ones(1000).pin_memory(), torch.zeros(1000, device="npu")
torch.npu.synchronize()
with torch.npu.stream(side):
    target.copy_(source, non_blocking=True)
early = target.sum().item()
torch.npu.current_stream().wait_stream(side)
print(early, target.sum().item())
"""
    printed = run_python(script, YR_FAKE_CANN_STREAMS="async", YR_FAKE_CANN_DELAY_US="500000")

    assert printed.splitlines()[-1] == "0.0 1000.0"


def test_reading_a_pinned_buffer_too_early_shows_old_data() -> None:
    """Without a synchronisation the host sees what was there before."""
    script = """
import torch
source = torch.ones(1000, device="npu")
target = torch.zeros(1000).pin_memory()
torch.npu.synchronize()
target.copy_(source, non_blocking=True)
early = target.sum().item()
torch.npu.synchronize()
print(early, target.sum().item())
"""
    printed = run_python(script, YR_FAKE_CANN_STREAMS="async", YR_FAKE_CANN_DELAY_US="500000")

    assert printed.splitlines()[-1] == "0.0 1000.0"


@pytest.mark.parametrize("mode", ["inline", "async"])
def test_an_external_event_blocks_until_it_is_recorded_again(mode: str) -> None:
    """Each wait takes one record, given before or after it."""
    script = """
import threading, torch
event, waiter, recorder = torch.npu.ExternalEvent(), torch.npu.Stream(), torch.npu.Stream()
recorded, seen = [], []
def record():
    recorded.append(True)
    event.record(recorder)
for _ in range(2):
    recorded.clear()
    event.reset(waiter)
    event.wait(waiter)
    threading.Timer(0.3, record).start()
    waiter.synchronize()
    seen.append(bool(recorded))
event.record(recorder)
recorder.synchronize()
event.wait(waiter)
waiter.synchronize()
print(seen)
"""
    assert run_python(script, YR_FAKE_CANN_STREAMS=mode).splitlines()[-1] == "[True, True]"


def test_a_failed_task_fails_the_kernel_that_needs_it() -> None:
    """A kernel behind a failed copy raises instead of computing with what is not there."""
    script = """
import torch
from yr_fake_cann.errors import StreamError
source, target = torch.ones(1000).pin_memory(), torch.zeros(1000, device="npu")
target.copy_(source, non_blocking=True)
try:
    target + 1
except StreamError as error:
    print(error.device, error.status)
"""
    printed = run_python(
        script,
        YR_FAKE_CANN_FAULTS="function=aclrtMemcpyAsync at=task nth=1 action=fail code=507000",
        YR_FAKE_CANN_STREAMS="async",
    )

    assert printed.splitlines()[-1] == "0 507000"
