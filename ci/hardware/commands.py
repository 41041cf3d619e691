"""Ask a program something, and never wait for it longer than said.

A driver that hangs keeps a program that asks it in the kernel, where no signal reaches it; it is
then left behind, as its standard output is, and the answer says so.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_AFTER_KILL_S = 2.0


@dataclass(frozen=True)
class Answer:
    """What a program said; `problem` is empty if it ended well, else why it is no answer."""

    command: tuple[str, ...]
    output: str
    problem: str
    seconds: float

    @property
    def is_stuck(self) -> bool:
        """Whether it said nothing in time."""
        return self.problem.startswith("no answer")


def ask(command: Sequence[str], limit_s: float, env: Mapping[str, str] | None = None) -> Answer:
    """Run a program to its end, or for so many seconds; it raises nothing."""
    begin = time.monotonic()
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=dict(env) if env is not None else None,
            start_new_session=True,
        )
    except OSError as error:
        return Answer(tuple(command), "", f"cannot be run: {error.strerror}", 0.0)
    try:
        output, _ = process.communicate(timeout=limit_s)
        problem = _problem(process.returncode, output)
    except subprocess.TimeoutExpired:
        output, problem = _abandon(process), f"no answer in {limit_s:g} s"
    return Answer(tuple(command), output, problem, time.monotonic() - begin)


def end_group(leader: int, number: int) -> None:
    """Send a signal to all processes of a group that has not ended yet."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def _abandon(process: subprocess.Popen[str]) -> str:
    end_group(process.pid, signal.SIGKILL)
    try:
        output, _ = process.communicate(timeout=_AFTER_KILL_S)
    except subprocess.TimeoutExpired:
        if process.stdout:
            process.stdout.close()
        return ""
    return output


def _problem(status: int, output: str) -> str:
    if status == 0:
        return ""
    last = (output.strip().splitlines() or ["nothing said"])[-1]
    return f"status {status}: {last}"
