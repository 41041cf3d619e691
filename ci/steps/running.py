"""Run a step, and look at its machine meanwhile."""

from __future__ import annotations

import contextlib
import pathlib
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from table import Step

_SAMPLE_S = 2.0
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+::.+?)(?: - .*)?$")
_NOT_RUN = re.compile(r"^SKIPPED \[(\d+)\] [^ ]+ (.*)$")


@dataclass(frozen=True)
class Outcome:
    """What became of a step: tests that failed by name, and reasons why others were not run.

    `busy` is the share of the machine's processors that worked meanwhile, for whomever.
    """

    name: str
    status: int
    seconds: float
    load: float
    busy: float
    failed: tuple[str, ...]
    not_run: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """What a table says of it."""
        return "passed" if self.status == 0 else f"FAILED ({self.status})"


def run(step: Step, log: pathlib.Path, mark: str = "") -> Outcome:
    """Run it to its end; what it prints goes into the file and, marked, to standard output."""
    print(f"\n{mark}=== {step.name}: nox {' '.join(step.arguments)}", flush=True)
    begin, failed, not_run = time.monotonic(), [], []
    with watching() as watch, log.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "nox", *step.arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        for line in process.stdout or ():
            sys.stdout.write(mark + line)
            file.write(line)
            failed += _FAILED.findall(line)
            not_run += [": ".join(found) for found in _NOT_RUN.findall(line)]
        sys.stdout.flush()
        status = process.wait()
    seconds = time.monotonic() - begin
    seen = (seconds, watch.highest, watch.busy)
    return Outcome(step.name, status, *seen, tuple(failed), tuple(not_run))


class Watch(threading.Thread):
    """Remembers the highest load average of a minute, and what processors did since it was made."""

    def __init__(self) -> None:
        super().__init__(name="watch", daemon=True)
        self.highest = 0.0
        self._ticks = _ticks()
        self._over = threading.Event()

    def run(self) -> None:
        """Look until `end`."""
        while True:
            self.highest = max(self.highest, load_average())
            if self._over.wait(_SAMPLE_S):
                return

    @property
    def busy(self) -> float:
        """The share of the processors that worked."""
        (worked, passed), (worked_then, passed_then) = _ticks(), self._ticks
        return (worked - worked_then) / max(1, passed - passed_then)

    def end(self) -> None:
        """Look no more."""
        self._over.set()
        self.join()


@contextlib.contextmanager
def watching() -> Iterator[Watch]:
    """Watch this machine for the block."""
    watch = Watch()
    watch.start()
    try:
        yield watch
    finally:
        watch.end()


def load_average() -> float:
    """Give the load average of the last minute."""
    return float(pathlib.Path("/proc/loadavg").read_text(encoding="utf-8").split()[0])


def _ticks() -> tuple[int, int]:
    """Give the ticks in which processors worked, and all that passed, since the machine started."""
    first = pathlib.Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0]
    # user nice system idle iowait irq softirq steal; guests are in the first two already.
    ticks = [int(field) for field in first.split()[1:9]]
    return sum(ticks) - ticks[3] - ticks[4], sum(ticks)
