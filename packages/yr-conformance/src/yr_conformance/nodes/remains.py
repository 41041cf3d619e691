"""What there is of a backend on this machine, whoever started it: nothing asks the backend itself.

A worker and its reaper name their directory in their command lines; the actors of a backend are
known by their class.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import psutil

from yr_conformance.fair_time import Stopwatch
from yr_conformance.living import is_alive
from yr_conformance.settings.attempt import RunningWorker
from yr_conformance.settings.running import workers_among
from yr_conformance.traces import SHARED_MEMORY, SHARED_MEMORY_PREFIXES
from yr_conformance.transfer.ray_session import marked_processes

GONE_S: Final = 10.0
_ACTORS = re.compile(r"ray::(Coordinator|Supervisor)\b")
_POLL_S: Final = 0.05


@dataclass(frozen=True)
class Place:
    """What a node's worker occupies: its processes with their reaper, its directory, its ports."""

    home: str
    worker: int
    reaper: int
    listens: tuple[str, ...]


class Backend:
    """The backend of one Ray cluster, found by the mark and the directory of all its processes."""

    def __init__(self, mark: str, directory: str) -> None:
        self._mark, self._directory = mark, pathlib.Path(directory)
        self._shared = _shared_memory()

    def place_of(self, worker: RunningWorker) -> Place:
        """Look at all that is there because of a worker."""
        words = psutil.Process(worker.pid).cmdline()
        home = re.search(re.escape(f"{self._directory}/yr-") + r"\w+", " ".join(words))
        assert home, f"no directory in {words}"
        pids = [one.pid for one, command in self._commands() if home[0] in command]
        (reaper,) = set(pids) - {worker.pid}
        return Place(home[0], worker.pid, reaper, worker.listens)

    def remains_of(self, place: Place) -> list[str]:
        """Name what is still there of it."""
        processes = [f"process {pid}" for pid in (place.worker, place.reaper) if is_alive(pid)]
        directories = [place.home] if os.path.exists(place.home) else []
        listening = {address for worker in self._workers() for address in worker.listens}
        ports = [address for address in place.listens if address in listening]
        return [*processes, *directories, *ports]

    def remains(self) -> list[str]:
        """Name all that there is of the backend: processes with actors, ports, files."""
        home = f"{self._directory}/yr-"
        found = [
            f"process {process.pid} ({command[:80]})"
            for process, command in self._commands()
            if home in command or _ACTORS.search(command)
        ]
        ports = [f"port {address}" for worker in self._workers() for address in worker.listens]
        directories = [str(path) for path in self._directory.glob("yr-*")]
        return [*found, *ports, *directories, *sorted(_shared_memory() - self._shared)]

    def _workers(self) -> list[RunningWorker]:
        return workers_among(marked_processes(self._mark))

    def _commands(self) -> Iterator[tuple[psutil.Process, str]]:
        for process in marked_processes(self._mark):
            with contextlib.suppress(psutil.Error):
                yield process, " ".join(process.cmdline())


def left_after(look: Callable[[], list[str]], seconds: float = GONE_S) -> list[str]:
    """Give what is still there after so many seconds; nothing as soon as nothing is.

    TooBusyError if it took longer than that and the machine may be the reason.
    """
    watch = Stopwatch()
    while (left := look()) and watch.read().fair_s <= seconds:
        time.sleep(_POLL_S)
    if not left:
        watch.read().keeps(seconds)
    return left


def _shared_memory() -> set[str]:
    names = os.listdir(SHARED_MEMORY)
    return {f"{SHARED_MEMORY}/{name}" for name in names if name.startswith(SHARED_MEMORY_PREFIXES)}
