"""Events between processes through torch.npu, and tensors that bring theirs along."""

from typing import Final

import pytest
import torch
from isolation import run_python
from torch_npu import npu

# A stream that is held up until `gate` is set, whatever the mode, and a child with two queues.
PROCESSES: Final = """
import ctypes, os, signal, threading, torch, torch_npu
import torch.multiprocessing as mp

gate = threading.Event()
hold = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(lambda _: gate.wait(120) and None)

def hold_up(stream):
    stream = ctypes.c_void_p(stream.npu_stream)
    assert ctypes.CDLL("libascendcl.so").aclrtLaunchHostFunc(stream, hold, None) == 0

def start(target):
    context = mp.get_context("spawn")
    there, back = context.Queue(), context.Queue()
    process = context.Process(target=target, args=(there, back))
    process.start()
    return process, there, back
"""


@pytest.mark.parametrize(("mode", "sent"), [("inline", "event"), ("async", "event.ipc_handle()")])
def test_a_process_waits_for_the_event_of_another(mode: str, sent: str) -> None:
    """It is incomplete until the other one's stream comes to it, and then the data are there."""
    script = f"""{PROCESSES}
def child(there, back):
    shared, event = there.get(), there.get()
    if isinstance(event, bytes):
        event = torch.npu.Event.from_ipc_handle(shared.device, event)
    stream = torch.npu.Stream(shared.device)
    event.wait(stream)
    back.put((event.query(), stream.query()))
    stream.synchronize()
    event.synchronize()
    back.put((event.query(), shared.sum().item()))
    del shared

if __name__ == "__main__":
    torch.npu.set_device(1)
    process, there, back = start(child)
    source, target = torch.ones(1000).pin_memory(), torch.zeros(1000, device="npu:1")
    torch.npu.synchronize()
    there.put(target)
    event, stream = torch.npu.Event(interprocess=True), torch.npu.Stream()
    hold_up(stream)
    with torch.npu.stream(stream):
        target.copy_(source, non_blocking=True)
        event.record(stream)
    there.put({sent})
    early = back.get(timeout=120)
    gate.set()
    print(early, back.get(timeout=120))
    process.join()
"""
    printed = run_python(script, YR_FAKE_CANN_STREAMS=mode)

    assert printed.splitlines()[-1] == "(False, False) (True, 1000.0)"


@pytest.mark.parametrize("mode", ["inline", "async"])
def test_a_tensor_that_is_sent_brings_its_event_along(mode: str) -> None:
    """The sender does not wait for its stream; the receiver's kernels do, and see the new data."""
    script = f"""{PROCESSES}
def child(there, back):
    shared = there.get()
    back.put("received")
    back.put(shared.sum().item())
    del shared

if __name__ == "__main__":
    process, there, back = start(child)
    source, target = torch.ones(1000).pin_memory(), torch.zeros(1000, device="npu")
    torch.npu.synchronize()
    hold_up(torch.npu.current_stream())
    target.copy_(source, non_blocking=True)
    there.put(target)
    received = back.get(timeout=120)
    gate.set()
    print(received, back.get(timeout=120))
    process.join()
"""
    printed = run_python(script, YR_FAKE_CANN_STREAMS=mode)

    assert printed.splitlines()[-1] == "received 1000.0"


def test_the_event_of_a_process_that_was_killed_raises() -> None:
    """Who waits for it or asks is told that it will not complete."""
    script = f"""{PROCESSES}
def child(there, back):
    event, stream = torch.npu.Event(interprocess=True), torch.npu.Stream()
    hold_up(stream)
    event.record(stream)
    back.put(event)
    there.get()

if __name__ == "__main__":
    process, there, back = start(child)
    event = back.get(timeout=120)
    print(event.query())
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    for ask in (event.query, event.synchronize):
        try:
            ask()
        except RuntimeError as error:
            print("507057" in str(error), "has ended before its stream" in str(error))
"""
    assert run_python(script).splitlines()[-3:] == ["False", "True True", "True True"]


def test_an_event_between_processes_keeps_no_time(device: torch.device) -> None:
    """torch_npu refuses it with timing, and takes CANN's refusal of a time between two for 0 ms."""
    with pytest.raises(RuntimeError, match="interprocess cannot be specified together"):
        npu.Event(interprocess=True, enable_timing=True)
    npu.set_device(device)
    first, last = npu.Event(interprocess=True), npu.Event(interprocess=True)

    for event in (first, last):
        event.record()
        event.synchronize()

    assert first.elapsed_time(last) == 0
