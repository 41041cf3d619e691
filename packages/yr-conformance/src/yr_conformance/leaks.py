"""Leak checks: what a test started is gone when it ends, whatever the outcome.

Every process that descends from this one inherits a mark in its environment, so that daemons, which
no longer are its children, are found too. What session fixtures started before the test is known
and left out; they check themselves when they end.
"""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import psutil
import pytest

MARK_VARIABLE: Final = "YR_CONFORMANCE_PROCESS"
RAY_VARIABLE: Final = "YR_CONFORMANCE_SESSION"
"""Processes of the Ray session come and go as Ray likes; the session checks them at its end."""

SESSION_FIXTURES: Final = ("worker", "second_worker", "elsewhere", "session")
_PATIENCE_S = 10.0
_POLL_S = 0.05
_SHARED_MEMORY = "/dev/shm"  # noqa: S108 - looked at, not written to


@dataclass(frozen=True)
class Traces:
    """What exists on this machine because of this test process."""

    processes: frozenset[tuple[int, str]]
    shared_memory: frozenset[str]

    def new_since(self, before: Traces) -> list[str]:
        """Describe what is here now and was not before."""
        processes = sorted(self.processes - before.processes)
        files = sorted(self.shared_memory - before.shared_memory)
        described = [f"process {pid} ({name})" for pid, name in processes]
        return described + [f"{_SHARED_MEMORY}/{name}" for name in files]


def traces(mark: str) -> Traces:
    """Look at processes and shared memory; a process that ends meanwhile is left out."""
    processes = set()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if _is_ours(process, mark):
                processes.add((process.pid, process.name()))
    own = {name for name in os.listdir(_SHARED_MEMORY) if name.startswith(("yr", "datasystem"))}
    return Traces(frozenset(processes), frozenset(own))


def wait_for_nothing_new(
    before: Traces, look: Callable[[], Traces], patience_s: float = _PATIENCE_S
) -> list[str]:
    """Give what is still new after so many seconds; an empty list as soon as nothing is."""
    deadline = time.monotonic() + patience_s
    while (left := look().new_since(before)) and time.monotonic() < deadline:
        time.sleep(_POLL_S)
    return left


@pytest.fixture(scope="session")
def process_mark() -> str:
    """Mark this process's descendants, in this process's environment for good."""
    mark = os.environ[MARK_VARIABLE] = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
    return mark


@pytest.fixture(autouse=True)
def _no_leaks(process_mark: str, request: pytest.FixtureRequest) -> Iterator[None]:
    _start_session_fixtures(request)
    before = traces(process_mark)
    yield
    left = wait_for_nothing_new(before, lambda: traces(process_mark))
    if left:
        pytest.fail(f"left behind by {request.node.nodeid}: {', '.join(left)}")


def _start_session_fixtures(request: pytest.FixtureRequest) -> None:
    """Let fixtures that outlive the test start before the first look."""
    for name in SESSION_FIXTURES:
        if name in request.fixturenames:
            request.getfixturevalue(name)


def _is_ours(process: psutil.Process, mark: str) -> bool:
    if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
        return False
    environment = process.environ()
    return environment.get(MARK_VARIABLE) == mark and RAY_VARIABLE not in environment
