"""Living processes: one is gone when its last thread is.

After SIGKILL the first thread of a process may be a zombie while others still run, hold the
listening sockets and answer: a released worker answered a `delete` after it had been "gone"
(measured on openyuanrong-datasystem 0.8.1).
"""

from __future__ import annotations

import contextlib
import os
import signal
from dataclasses import dataclass
from typing import Final

from yr_conformance.waiting import wait_until

_DEAD_STATES: Final = "ZX"
_STOPPED_STATES: Final = "Tt" + _DEAD_STATES
_EXITING: Final = 0x4
_OF_THE_KERNEL: Final = 0x200000
"""PF_EXITING and PF_KTHREAD of the kernel's include/linux/sched.h."""


@dataclass(frozen=True)
class Status:
    """A process as the system lists it; fields are those of proc_pid_stat(5)."""

    pid: int
    name: str
    state: str
    parent: int
    threads: int
    start_time: int
    flags: int
    environment_at: int
    """Where its environment ends in its memory; another place after an exec, 0 without memory."""

    @property
    def is_dead(self) -> bool:
        """Whether no thread of it runs any more."""
        return self.state in _DEAD_STATES and self.threads <= 1

    @property
    def is_between_programs(self) -> bool:
        """Whether it is in the middle of an exec, where it has no environment yet.

        Who started it goes on before that is over: 168 of 2,000 children had none when `Popen`
        returned (Linux 6.18, an idle machine).
        """
        return self.environment_at == 0 and not self.flags & (_EXITING | _OF_THE_KERNEL)

    @property
    def is_dying(self) -> bool:
        """Whether its first thread has given up its memory, and not all of it is gone yet."""
        return not self.is_dead and self.environment_at == 0


def status_of(pid: int) -> Status | None:
    """Look at a process; None if there is none."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            text = file.read()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name is in brackets and may itself have brackets and spaces.
    begin, end = text.index("("), text.rindex(")")
    fields = text[end + 2 :].split()
    return Status(
        pid=pid,
        name=text[begin + 1 : end],
        state=fields[0],
        parent=int(fields[1]),
        threads=int(fields[17]),
        start_time=int(fields[19]),
        flags=int(fields[6]),
        environment_at=int(fields[48]),
    )


def is_alive(pid: int) -> bool:
    """Tell whether a thread of the process runs; a zombie whose other threads run is alive."""
    status = status_of(pid)
    return status is not None and not status.is_dead


def await_last_thread(pid: int) -> None:
    """Return at once unless the first thread is ending; then wait for it and the others to end.

    To programs such as `dscli stop` the process is gone by then.
    """

    def is_dying() -> bool:
        status = status_of(pid)
        return status is not None and status.is_dying

    wait_until(lambda: not is_dying(), f"the last thread of process {pid} ends")


def kill(*pids: int) -> None:
    """End them at once, as a crash would, and wait until their last threads are gone."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not any(map(is_alive, pids)), f"processes {pids} are gone")


def freeze(pid: int) -> None:
    """Stop it until SIGCONT, and wait until its last thread has stopped.

    The signal wakes one thread, which stops the others: until that one has a CPU, they answer.
    """
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: _has_stopped(pid), f"process {pid} has stopped")


def _has_stopped(pid: int) -> bool:
    states = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/stat", encoding="utf-8") as file:
                states.append(file.read().rpartition(")")[2].split()[0])
    return all(state in _STOPPED_STATES for state in states)
