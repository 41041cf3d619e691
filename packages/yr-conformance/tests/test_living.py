"""A process is alive until its last thread is gone."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import psutil
import pytest

from yr_conformance.living import await_last_thread, freeze, is_alive, kill, status_of
from yr_conformance.waiting import wait_until

LEADER_ENDS = """
import ctypes, sys, threading
threading.Thread(target=sys.stdin.read).start()
ctypes.CDLL(None).pthread_exit(None)
"""
SPINNING = """
import threading
def spin():
    while True:
        pass
for _ in range(3):
    threading.Thread(target=spin).start()
"""


@pytest.fixture
def leaderless() -> Iterator[subprocess.Popen[bytes]]:
    """A process whose first thread has ended while another one waits for input."""
    command = [sys.executable, "-c", LEADER_ENDS]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def test_a_zombie_with_running_threads_is_alive(leaderless: subprocess.Popen[bytes]) -> None:
    """The end of the first thread is not the end of the process."""
    process = psutil.Process(leaderless.pid)
    wait_until(lambda: process.status() == psutil.STATUS_ZOMBIE, "its first thread has ended")

    assert is_alive(leaderless.pid)


def test_a_killed_process_is_gone(leaderless: subprocess.Popen[bytes]) -> None:
    """`kill` returns when no thread runs any more, though nobody has waited for the process."""
    kill(leaderless.pid)

    status = status_of(leaderless.pid)
    assert status is not None
    assert status.is_dead
    assert not is_alive(leaderless.pid)


def test_the_last_thread_is_waited_for(leaderless: subprocess.Popen[bytes]) -> None:
    """Once the first thread has ended, the end of the others is awaited, and nothing else is."""
    await_last_thread(os.getpid())
    process = psutil.Process(leaderless.pid)
    wait_until(lambda: process.status() == psutil.STATUS_ZOMBIE, "its first thread has ended")
    assert leaderless.stdin is not None
    threading.Timer(0.2, leaderless.stdin.close).start()

    await_last_thread(leaderless.pid)

    assert not is_alive(leaderless.pid)


def test_a_process_that_was_waited_for_is_gone() -> None:
    """What has left no trace is not alive, and may be killed again."""
    process = subprocess.Popen(["true"])
    process.wait()

    assert status_of(process.pid) is None
    kill(process.pid)


def test_names_may_have_brackets() -> None:
    """The fields are found behind a name with brackets and spaces in it."""
    rename = "open('/proc/self/comm', 'w').write('a ) R (b'); print(flush=True); input()"
    command = [sys.executable, "-c", rename]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        status = status_of(process.pid)
        process.kill()

    assert status is not None
    assert status.name == "a ) R (b"
    assert status.threads == 1


def test_a_stopped_process_is_alive() -> None:
    """A process that does not run for now is not gone."""
    with subprocess.Popen(["sleep", "600"]) as process:
        os.kill(process.pid, signal.SIGSTOP)
        assert is_alive(process.pid)
        process.kill()


def test_a_frozen_process_has_stopped_altogether() -> None:
    """When freeze returns, no thread of the process runs."""
    with subprocess.Popen([sys.executable, "-c", SPINNING]) as process:
        seen = psutil.Process(process.pid)
        wait_until(lambda: seen.num_threads() == 4, "its threads spin")

        freeze(process.pid)

        before = seen.cpu_times()
        assert seen.status() == psutil.STATUS_STOPPED
        assert seen.cpu_times() == before
        process.kill()
