"""The worker's share of few CPUs."""

from __future__ import annotations

import contextlib
import os
import pathlib
import subprocess
from collections.abc import Iterator

import pytest

from ray_ascend.backend.cpu_share import make_room_beside

AUTOGROUPS = pathlib.Path("/proc/self/autogroup")
pytestmark = pytest.mark.skipif(
    not AUTOGROUPS.exists(), reason="this kernel does not share CPUs by session"
)


@contextlib.contextmanager
def another_session() -> Iterator[int]:
    """Run a process in a session of its own, as a datasystem worker is."""
    process = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def session_leader() -> Iterator[int]:
    """The worker."""
    with another_session() as pid:
        yield pid


@pytest.fixture
def other_leader() -> Iterator[int]:
    """Another program; not the test itself, whose session may be the machine's first one.

    That one has no autogroup: its file in /proc is empty.
    """
    with another_session() as pid:
        yield pid


def nice_of_session(pid: int) -> int:
    """Read the nice value of a process's session."""
    return int(pathlib.Path(f"/proc/{pid}/autogroup").read_text().split("nice")[1])


def test_few_cpus_go_to_other_sessions_first(
    session_leader: int, other_leader: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On two CPUs the worker's session is lowered, and only that one."""
    monkeypatch.setattr(os, "cpu_count", lambda: 2)

    make_room_beside(session_leader)

    assert nice_of_session(session_leader) == 10
    assert nice_of_session(other_leader) == 0


def test_many_cpus_are_shared_as_ever(session_leader: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """On 64 CPUs the worker's session stays as it is."""
    monkeypatch.setattr(os, "cpu_count", lambda: 64)

    make_room_beside(session_leader)

    assert nice_of_session(session_leader) == 0


def test_a_worker_that_has_ended_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that is gone by then leaves nothing to do."""
    monkeypatch.setattr(os, "cpu_count", lambda: 2)

    make_room_beside(2**30)
