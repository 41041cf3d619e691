"""Marked processes: those whose environment has a variable that they inherited.

What a process was started with does not change, so each environment is read once, and remembered
for as long as the process is the same: same id, same start, and no other program in it (exec).
A process that has given itself a long title, as Ray's agents do, has written over it (Ray 2.60):
such a one has the marks of the process that started it.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from typing import Final

import psutil

from yr_conformance.living import Status, status_of

MARK_VARIABLE: Final = "YR_CONFORMANCE_PROCESS"
RAY_VARIABLE: Final = "YR_CONFORMANCE_SESSION"
"""Processes of the Ray session come and go as Ray likes; the session checks them at its end."""

_VARIABLES: Final = {name.encode() for name in (MARK_VARIABLE, RAY_VARIABLE)}
Marks = Mapping[str, str]
_EXEC_S: Final = 5.0
_POLL_S: Final = 0.001
_known: dict[tuple[int, int], tuple[int, Marks]] = {}


def marked_with(variable: str, mark: str) -> Iterator[tuple[Status, Marks]]:
    """Yield the other living processes whose variable has that value, with all of their marks.

    What ends while it is looked at is left out. A process is alive until its last thread is gone.
    """
    seen = set()
    for status in _living():
        seen.add((status.pid, status.start_time))
        marks = _marks(status)
        if marks.get(variable) == mark:
            yield status, marks
    for gone in _known.keys() - seen:
        del _known[gone]


def processes_with(variable: str, mark: str) -> list[psutil.Process]:
    """Give the same processes as `marked_with`, to be looked at closely or ended."""
    found = []
    for status, _ in marked_with(variable, mark):
        with contextlib.suppress(psutil.NoSuchProcess):
            found.append(psutil.Process(status.pid))
    return found


def _living() -> Iterator[Status]:
    own = os.getpid()
    for pid in [int(name) for name in os.listdir("/proc") if name.isdigit()]:
        status = _settled(pid) if pid != own else None
        if status is not None and not status.is_dead:
            yield status


def _settled(pid: int) -> Status | None:
    """Look at a process, after the exec if it is in the middle of one; None if there is none."""
    deadline = time.monotonic() + _EXEC_S
    while (status := status_of(pid)) is not None and status.is_between_programs:
        if not _is_ours(pid) or time.monotonic() > deadline:
            break
        time.sleep(_POLL_S)
    return status


def _is_ours(pid: int) -> bool:
    # Asked by opening it: to root the file's mode says yes where the kernel says no.
    try:
        with open(f"/proc/{pid}/environ", "rb"):
            return True
    except OSError:
        return False


def _marks(status: Status) -> Marks:
    identity = (status.pid, status.start_time)
    at, marks = _known.get(identity, (0, {}))
    # Without memory it is the kernel's own or about to end, and in the second case known.
    if status.environment_at not in {0, at}:
        environment = _environment(status.pid)
        if not environment:
            return {}
        marks = _parsed(environment)
        if _is_overwritten(environment):
            marks = {**_marks_of_parent(status), **marks}
        _known[identity] = (status.environment_at, marks)
    return marks


def _is_overwritten(environment: bytes) -> bool:
    return b"=" not in environment.partition(b"\0")[0]


def _marks_of_parent(status: Status) -> Marks:
    parent = status_of(status.parent)
    return {} if parent is None else _marks(parent)


def _environment(pid: int) -> bytes:
    """Read it; empty after the end, and when it is somebody else's."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return file.read()
    except OSError:
        return b""


def _parsed(environment: bytes) -> Marks:
    pairs = [entry.partition(b"=") for entry in environment.split(b"\0")]
    return {name.decode(): os.fsdecode(value) for name, _, value in pairs if name in _VARIABLES}
