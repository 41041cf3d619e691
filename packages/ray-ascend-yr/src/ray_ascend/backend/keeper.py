"""Who keeps a worker, noted in the worker's directory, and what becomes of one that nobody keeps.

A reaper that is killed is replaced by its supervisor, a supervisor by its reaper: each ends the
worker. Where both are killed at once nobody does, and the worker would hold its port for ever. So
whoever starts a worker on this machine first ends those that nobody keeps any more.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import stat
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Final

import psutil

logger = logging.getLogger(__name__)

HOME_PREFIX: Final = "yr-"
_NOTE: Final = "kept-by.json"
_GONE_S: Final = 5.0


@dataclass(frozen=True)
class Keeper:
    """A reaper, and the worker that it has started; ids mean something in one `namespace` only.

    The id of the reaper means the same process for as long as `started` is the same: in ticks since
    the machine started, which no change of the clock moves.
    """

    pid: int
    started: int
    namespace: str
    worker: int = 0

    @classmethod
    def here(cls, worker: int = 0) -> Keeper:
        """Describe the calling process, and the worker once there is one."""
        return cls(os.getpid(), _start_of(os.getpid()), _namespace(), worker)

    @classmethod
    def of(cls, home: str) -> Keeper | None:
        """Read who keeps the worker of a directory; None if that is not said."""
        try:
            with open(os.path.join(home, _NOTE), encoding="utf-8") as file:
                return cls(**json.load(file))
        except (OSError, ValueError, TypeError):
            return None

    def note(self, home: str) -> None:
        """Write it into the directory, whole or not at all."""
        unfinished = os.path.join(home, f".{_NOTE}")
        with open(unfinished, "w", encoding="utf-8") as file:
            json.dump(asdict(self), file)
        os.replace(unfinished, os.path.join(home, _NOTE))

    @property
    def is_gone(self) -> bool:
        """Whether it has certainly ended; one of another container cannot be judged from here."""
        if self.namespace != _namespace():
            return False
        try:
            return _start_of(self.pid) != self.started or not is_running(psutil.Process(self.pid))
        except (FileNotFoundError, ProcessLookupError, psutil.NoSuchProcess):
            return True


def end_abandoned(parents: Iterable[str]) -> None:
    """End the workers of this user below these directories whose keeper is gone; never raises.

    Called by a supervisor before it starts a worker; returns when their ports are free.
    """
    for home in sorted({path for parent in parents for path in _homes(parent)}):
        keeper = Keeper.of(home)
        if keeper is not None and keeper.is_gone:
            logger.warning("ending the YR worker in %s, which nobody keeps any more", home)
            end_worker(home, keeper.worker)


def end_worker(home: str, pid: int) -> None:
    """Kill a worker, if the id still means that of the directory, and remove the directory."""
    with contextlib.suppress(psutil.Error):
        worker = psutil.Process(pid)
        if any(home in word for word in worker.cmdline()):
            worker.kill()
            wait_gone(worker, _GONE_S)
    shutil.rmtree(home, ignore_errors=True)


def is_running(process: psutil.Process | None) -> bool:
    """Tell whether exactly this process still runs; a zombie without other threads does not.

    After SIGKILL the first thread may have ended while others still hold the ports and answer.
    """
    if process is None:
        return False
    try:
        ended = process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1
        return process.is_running() and not ended
    except psutil.NoSuchProcess:
        return False


def wait_gone(process: psutil.Process, timeout_s: float) -> None:
    """Wait until a process has ended, at most so long."""
    deadline = time.monotonic() + timeout_s
    while is_running(process) and time.monotonic() < deadline:
        time.sleep(0.02)


def _homes(parent: str) -> Iterator[str]:
    with contextlib.suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if entry.name.startswith(HOME_PREFIX) and _is_own_directory(entry):
                yield entry.path


def _is_own_directory(entry: os.DirEntry[str]) -> bool:
    with contextlib.suppress(OSError):
        status = entry.stat(follow_symlinks=False)
        return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()
    return False


def _start_of(pid: int) -> int:
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        # The name in parentheses may hold spaces and parentheses of its own.
        return int(file.read().rpartition(")")[2].split()[19])


def _namespace() -> str:
    return os.readlink("/proc/self/ns/pid")
