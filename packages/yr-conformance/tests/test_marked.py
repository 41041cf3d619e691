"""Marked processes are found by what they inherited, whatever they became since."""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator

import pytest

from yr_conformance.marked import MARK_VARIABLE, RAY_VARIABLE, marked_with, processes_with
from yr_conformance.waiting import wait_until


@pytest.fixture
def mark() -> str:
    """A mark that no other process carries."""
    return uuid.uuid4().hex


def pids(variable: str, mark: str) -> set[int]:
    """Give the marked processes' ids."""
    return {status.pid for status, _ in marked_with(variable, mark)}


@pytest.fixture
def child(mark: str) -> Iterator[subprocess.Popen[bytes]]:
    """A marked process that becomes another program, without the mark, when it is told to."""
    becomes = "import os; input(); os.execve('/bin/sleep', ['sleep', '600'], {'A': 'b'})"
    command = [sys.executable, "-c", becomes]
    environment = {**os.environ, MARK_VARIABLE: mark}
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=environment) as process:
        wait_until(lambda: process.pid in pids(MARK_VARIABLE, mark), "the child is there")
        yield process
        process.kill()


def test_only_the_mark_counts(child: subprocess.Popen[bytes], mark: str) -> None:
    """A process is found by its own mark under its own name."""
    assert pids(MARK_VARIABLE, mark) == {child.pid}
    assert [process.pid for process in processes_with(MARK_VARIABLE, mark)] == [child.pid]
    assert pids(RAY_VARIABLE, mark) == set()
    assert pids(MARK_VARIABLE, "another") == set()


def test_who_has_written_over_its_environment_has_the_marks_of_its_parent(mark: str) -> None:
    """A title longer than the arguments lies over what a process was started with."""
    overwrite = (
        "import ctypes, time\n"
        "fields = open('/proc/self/stat').read().rpartition(')')[2].split()\n"
        "ctypes.memset(int(fields[47]), 0, int(fields[48]) - int(fields[47]))\n"
        "print('done', flush=True)\n"
        "time.sleep(600)\n"
    )
    start = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {overwrite!r}])"
    environment = {**os.environ, MARK_VARIABLE: mark, RAY_VARIABLE: "session"}
    command = [sys.executable, "-c", start]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"done\n"
        found = {status.pid: marks for status, marks in marked_with(MARK_VARIABLE, mark)}
        for pid in sorted(found, reverse=True):
            os.kill(pid, signal.SIGKILL)

    assert len(found) == 2
    assert [marks[RAY_VARIABLE] for marks in found.values()] == ["session"] * 2


def test_a_child_is_found_as_soon_as_it_is_started(
    mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`Popen` may return in the middle of the exec; one of twelve children was overlooked."""
    for _ in range(100):
        with subprocess.Popen(["sleep", "600"], env={MARK_VARIABLE: mark}) as process:
            with monkeypatch.context() as patch:
                patch.setattr(os, "listdir", lambda _, pid=process.pid: [str(pid)])
                found = pids(MARK_VARIABLE, mark)
            process.kill()
        assert found == {process.pid}


def test_another_program_is_looked_at_anew(child: subprocess.Popen[bytes], mark: str) -> None:
    """What is remembered of a process does not outlive an exec."""
    assert pids(MARK_VARIABLE, mark) == {child.pid}

    assert child.stdin is not None
    child.stdin.write(b"\n")
    child.stdin.flush()

    wait_until(lambda: not pids(MARK_VARIABLE, mark), "the mark is gone")
    assert child.poll() is None


def test_the_dead_are_not_found(child: subprocess.Popen[bytes], mark: str) -> None:
    """A process that ended is not found, be it a zombie."""
    child.kill()

    wait_until(lambda: not pids(MARK_VARIABLE, mark), "it is no longer found")
    assert child.poll() is not None
