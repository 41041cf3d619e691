"""torch's autograd threads rest before the interpreter ends."""

import ctypes
import os
import threading
from collections.abc import Iterator

import pytest
import torch
from isolation import run_python

from yr_fake_cann.kernels import autograd_threads

SET_NAME = 15  # PR_SET_NAME of prctl
PATIENCE = 60.0
BRIEFLY = 0.05


class Worker:
    """A thread with the name of an autograd thread: it reads a pipe, then it waits for work."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        self.started, self.work = threading.Event(), threading.Lock()
        self.work.acquire()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        self.started.wait(PATIENCE)

    def _run(self) -> None:
        ctypes.CDLL(None).prctl(SET_NAME, b"pt_autograd_9", 0, 0, 0)
        self.started.set()
        os.read(self.reading, 1)
        self.work.acquire()

    def finish_reading(self) -> None:
        """Let it come to its wait for work."""
        os.write(self.writing, b"1")

    def stop(self) -> None:
        """Let it end."""
        self.finish_reading()
        self.work.release()
        self.thread.join(PATIENCE)
        os.close(self.reading)
        os.close(self.writing)


@pytest.fixture
def worker() -> Iterator[Worker]:
    """A thread that is busy."""
    worker = Worker()
    yield worker
    worker.stop()


def test_a_busy_autograd_thread_is_waited_for(worker: Worker) -> None:
    """Not longer than the patience allows."""
    assert not autograd_threads.await_rest(BRIEFLY)


def test_an_autograd_thread_that_waits_for_work_rests(worker: Worker) -> None:
    """As soon as it comes to that."""
    worker.finish_reading()

    assert autograd_threads.await_rest(PATIENCE)


def test_the_threads_of_a_backward_pass_come_to_rest(device: torch.device) -> None:
    """What torch's own threads wait in is recognised."""
    leaf = torch.ones(4, device=device, requires_grad=True)
    torch.autograd.backward(leaf.square().sum())

    assert autograd_threads.await_rest(PATIENCE)
    assert any(map(autograd_threads._rests, autograd_threads._autograd_threads()))


@pytest.mark.parametrize(
    ("line", "waits"),
    [
        ("running\n", False),
        ("{futex} 0x7f0 0x189 0x0 0x0 0x0 0xffffffff 0x7ff 0x7fe\n", True),
        ("{futex} 0x7f0 0x89 0x0 0x7f1 0x0 0xffffffff 0x7ff 0x7fe\n", False),
        ("{futex} 0x7f0 0x80 0x2 0x0 0x0 0xffffffff 0x7ff 0x7fe\n", True),
        ("{futex} 0x7f0 0x81 0x1 0x0 0x0 0xffffffff 0x7ff 0x7fe\n", False),
        ("0 0x3 0x189 0x1 0x0 0x0 0x0 0x7ff 0x7fe\n", False),
        ("", True),
    ],
    ids=["working", "queue", "interpreter's lock", "OpenMP", "waking others", "read", "not told"],
)
def test_what_a_thread_waits_in_tells_whether_it_rests(line: str, waits: bool) -> None:
    """Only a wait without a time limit does; what is not told is not waited for."""
    futex = autograd_threads.FUTEX[os.uname().machine]

    assert autograd_threads.waits_for_work(line.format(futex=futex)) is waits


def test_an_interpreter_ends_when_its_autograd_threads_rest() -> None:
    """The wait is the first thing that happens at the exit, before torch_npu's own."""
    script = """
import torch, torch_npu
from yr_fake_cann.kernels import autograd_threads

leaf = torch.ones(4, device="npu", requires_grad=True)
leaf.square().sum().backward()
rest = autograd_threads._rests
def told(task):
    print("looked", torch.npu.memory_allocated() > 0)
    return rest(task)
autograd_threads._rests = told
"""
    assert "looked True" in run_python(script)
