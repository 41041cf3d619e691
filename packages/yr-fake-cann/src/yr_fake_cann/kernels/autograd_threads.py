"""Lets torch's autograd threads come to rest before the interpreter ends.

`backward()` returns when the gradients are there; the thread of the device then still drops what it
held, for which it may want the interpreter. If that is ending by then, CPython 3.11 ends the
thread inside a C++ destructor, and the process is aborted (`terminate called without an active
exception`; https://github.com/pytorch/pytorch/issues/190489).
"""

import atexit
import os
import time
from pathlib import Path
from typing import Final

# torch names one thread for each device pt_autograd_N (torch 2.13). Threads of OpenMP that a kernel
# in one of them starts have its name, too.
NAME: Final = "pt_autograd_"
PATIENCE_SECONDS: Final = 2.0
LOOKS, LOOK_SECONDS = 2, 0.0005
FUTEX: Final = {"x86_64": "202", "aarch64": "98"}
COMMAND_BITS: Final = 0x7F
WAITS: Final = frozenset({0, 9})
"""FUTEX_WAIT, as in OpenMP's queue, and FUTEX_WAIT_BITSET, as in torch's."""


def await_rest_at_exit() -> None:
    """Wait for the threads when the interpreter ends; called once a process."""
    atexit.register(await_rest)


def await_rest(patience: float = PATIENCE_SECONDS) -> bool:
    """Wait until every autograd thread waits for work; return whether all do after `patience` s.

    Called by the main thread, before torch_npu gives back its devices. All must do so at two looks,
    as one that waits for a mutex looks alike. Between looks the interpreter's lock is free, so that
    a thread which wants it goes on.
    """
    deadline = time.monotonic() + patience
    calm = 0
    while calm < LOOKS:
        calm = calm + 1 if all(map(_rests, _autograd_threads())) else 0
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_SECONDS)
    return True


def waits_for_work(syscall: str) -> bool:
    """Tell by a line of ``/proc/self/task/*/syscall`` whether a thread waits without a time limit.

    That is how torch's queue waits (a condition variable, ``ReadyQueue::pop``). Who wants the
    interpreter's lock waits with a time limit, and who works is "running". Where the file says
    nothing of use, no thread is waited for.
    """
    fields = syscall.split()
    if len(fields) < 5 or os.uname().machine not in FUTEX:
        return fields[:1] != ["running"]
    number, _, command, _, limit = fields[:5]
    waiting = int(command, 16) & COMMAND_BITS in WAITS and int(limit, 16) == 0
    return number == FUTEX[os.uname().machine] and waiting


def _autograd_threads() -> list[Path]:
    tasks = Path("/proc/self/task")
    return [task for task in tasks.iterdir() if _read(task / "comm").startswith(NAME)]


def _rests(task: Path) -> bool:
    return waits_for_work(_read(task / "syscall"))


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # the thread has ended, or the kernel does not tell
        return ""
