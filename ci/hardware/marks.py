"""Which processes are ours: those whose environment carries a mark that our programs set.

    YR_CI_JOB               set by run.py: the process that supervises the job, as id and start
    YR_CONFORMANCE_PROCESS  set by yr-conformance: the process of pytest, as id and a random part
    YR_CONFORMANCE_SESSION  set by yr-conformance for a Ray session: a random name, of nobody

A process is a leftover if one of the first two marks names a process that lives no more. Ids mean
something within one namespace only: processes of other containers are never ours to judge.
"""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

JOB = "YR_CI_JOB"
TEST_PROCESS = "YR_CONFORMANCE_PROCESS"
SESSION = "YR_CONFORMANCE_SESSION"
_ALL = (JOB, TEST_PROCESS, SESSION)
_PROC = pathlib.Path("/proc")
_DEAD_STATES = "ZX"


@dataclass(frozen=True)
class Marked:
    """A living process with marks; its id means the same process as long as `start` is the same."""

    pid: int
    start: str
    command: str
    marks: Mapping[str, str]

    @property
    def owner_lives(self) -> bool:
        """Whether whoever answers for it is still there, or nobody is named."""
        job, test = self.marks.get(JOB), self.marks.get(TEST_PROCESS)
        if job is not None:
            pid, _, start = job.partition("-")
            return start_of(int(pid)) == start if pid.isdecimal() else True
        if test is not None:
            pid, _, _ = test.partition("-")
            return start_of(int(pid)) != "" if pid.isdecimal() else True
        return True

    @property
    def is_same(self) -> bool:
        """Whether the id still means this process, and it lives."""
        return start_of(self.pid) == self.start


def own_mark() -> str:
    """Give the value of YR_CI_JOB for what this process starts."""
    return f"{os.getpid()}-{start_of(os.getpid())}"


def start_of(pid: int) -> str:
    """Give the start of a living process in ticks since boot; empty if there is none."""
    try:
        status = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    # The name in parentheses may hold spaces and parentheses of its own.
    fields = status.rpartition(")")[2].split()
    return "" if fields[0] in _DEAD_STATES else fields[19]


def marked_processes() -> Iterator[Marked]:
    """Yield living processes with marks: not this one, those above it, or in other namespaces."""
    own, space = set(_ancestors(os.getpid())), _namespace(os.getpid())
    for pid in (int(path.name) for path in _PROC.iterdir() if path.name.isdecimal()):
        start = start_of(pid)
        if pid in own or not start or _namespace(pid) != space:
            continue
        if marks := _marks(pid):
            yield Marked(pid, start, _command(pid), marks)


def _marks(pid: int) -> dict[str, str]:
    try:
        content = (_PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return {}
    pairs = (entry.partition(b"=") for entry in content.split(b"\0"))
    known = {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}
    return {name: known[name] for name in _ALL if name in known}


def _ancestors(pid: int) -> Iterator[int]:
    while pid > 0:
        yield pid
        status = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        pid = int(status.rpartition(")")[2].split()[1])


def _namespace(pid: int) -> str:
    try:
        return os.readlink(_PROC / str(pid) / "ns" / "pid")
    except OSError:
        return ""


def _command(pid: int) -> str:
    try:
        content = (_PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return ""
    return " ".join(os.fsdecode(word) for word in content.split(b"\0")).strip()[:120]
