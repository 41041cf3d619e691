"""What pauses, watches and ends processes must do so for certain."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator

import psutil
import pytest

from yr_conformance.leaks import RAY_VARIABLE
from yr_conformance.transfer.processes import stays, suspended
from yr_conformance.transfer.ray_session import check_nothing_runs, marked_processes
from yr_conformance.waiting import wait_until

WAITS = "import sys; sys.stdin.read()"


@pytest.fixture
def mark() -> str:
    """A mark that no other process carries."""
    return uuid.uuid4().hex


@pytest.fixture
def child(mark: str) -> Iterator[subprocess.Popen[bytes]]:
    """A marked process that waits until its input is closed."""
    environment = {**os.environ, RAY_VARIABLE: mark}
    command = [sys.executable, "-c", WAITS]
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=environment) as process:
        yield process


def test_a_suspended_process_stops_and_goes_on(child: subprocess.Popen[bytes]) -> None:
    """The process is stopped inside the block and runs after it."""
    process = psutil.Process(child.pid)

    with suspended(child.pid) as woken:
        wait_until(lambda: process.status() == psutil.STATUS_STOPPED, "the process is stopped")

    assert not woken.is_set()
    wait_until(lambda: process.status() != psutil.STATUS_STOPPED, "the process runs")


def test_a_suspended_process_is_woken_in_time(child: subprocess.Popen[bytes]) -> None:
    """A block that takes too long is told so, and the process runs again."""
    process = psutil.Process(child.pid)

    with suspended(child.pid, at_most=0.05) as woken:
        assert woken.wait(20)
        wait_until(lambda: process.status() != psutil.STATUS_STOPPED, "the process runs")


def test_a_condition_that_ends_is_noticed() -> None:
    """`stays` fails when the condition does not hold all the time."""
    answers = iter([True, True, False])

    with pytest.raises(AssertionError, match="no longer: well"):
        stays(lambda: next(answers), "well", 20.0)


def test_a_process_that_is_left_is_named_and_killed(
    mark: str, child: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of a session finds marked processes, kills them and fails."""
    monkeypatch.setattr("yr_conformance.transfer.ray_session.END_SECONDS", 0.1)
    wait_until(lambda: bool(marked_processes(mark)), "the child is there")

    with pytest.raises(AssertionError, match=f"{child.pid}"):
        check_nothing_runs(mark)

    assert child.wait(20) != 0
