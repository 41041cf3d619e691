"""Fair time: seconds as this machine gives them to a process of low priority.

    metronome: sleeps, works a little, counts --file--> any process of the run

A promise such as "in 10 s" is about the system, not about a machine that has no CPU left. Ray gives
its workers a low priority; the metronome has the same, and counts less often when they get less.

    real seconds <= limit                           the promise is kept
    real seconds > limit, fair seconds <= limit     not to be told: the machine was too busy
    fair seconds > limit                            the promise is broken
"""

from __future__ import annotations

import contextlib
import os
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

VARIABLE: Final = "YR_CONFORMANCE_METRONOME"
"""Where its count is, in the environment of every process of a run."""
NICE: Final = 15
"""That of Ray's workers (Ray 2.55 to 2.60)."""
_SLEEP_S: Final = 0.048
_WORK_S: Final = 0.002
_COUNT: Final = struct.Struct("<Q")
_END_S: Final = 30.0


class TooBusyError(Exception):
    """A promise about a time was not seen to be kept, and the machine may be the reason."""


@dataclass(frozen=True)
class Elapsed:
    """How long something took, by the clock and in fair time; both in seconds."""

    real_s: float = 0.0
    fair_s: float = 0.0

    def keeps(self, limit_s: float) -> bool:
        """Tell whether the promise of that limit was kept; TooBusyError where it cannot be told."""
        if self.real_s > limit_s >= self.fair_s:
            raise self._excuse(f"{self.real_s:.1f} s instead of {limit_s:g} s")
        return self.real_s <= limit_s

    def check_fair(self, what: str) -> None:
        """Raise TooBusyError if the machine gave a process of low priority less than half of it."""
        if self.real_s > 2 * self.fair_s:
            raise self._excuse(f"{what} after {self.real_s:.1f} s")

    def _excuse(self, what: str) -> TooBusyError:
        return TooBusyError(
            f"machine too busy: {what}, in which a process of low priority got as far as in "
            f"{self.fair_s:.1f} s of a free machine"
        )


def with_elapsed(fields: dict[str, Any]) -> dict[str, Any]:
    """Make the `took` of a record again from what JSON left of it."""
    return {**fields, "took": Elapsed(**fields["took"])}


class Stopwatch:
    """Measures both from when it is made."""

    def __init__(self) -> None:
        self._real, self._fair = time.monotonic(), fair_now()

    def read(self) -> Elapsed:
        """Tell how long it has been."""
        real = time.monotonic() - self._real
        # The metronome's own irregularity must not make time longer than it was.
        return Elapsed(real, min(real, fair_now() - self._fair))


def fair_now() -> float:
    """Give the fair seconds so far; those of the clock where no metronome runs."""
    path = os.environ.get(VARIABLE, "")
    try:
        with open(path, "rb") as file:
            (ticks,) = _COUNT.unpack(file.read(_COUNT.size))
    except (FileNotFoundError, struct.error):
        return time.monotonic()
    return float(ticks) * (_SLEEP_S + _WORK_S)


@contextlib.contextmanager
def metronome(directory: str) -> Iterator[None]:
    """Keep one for the block, and tell this process and its children where its count is.

    RuntimeError at the end if it has not counted until then, since that would excuse everything.
    """
    path = os.path.join(directory, "metronome")
    with open(path, "wb") as file:
        file.write(_COUNT.pack(0))
    command = [sys.executable, "-S", os.path.abspath(__file__), path]
    process = subprocess.Popen(command, stdin=subprocess.PIPE)
    os.environ[VARIABLE] = path
    try:
        yield
    finally:
        del os.environ[VARIABLE]
        has_counted = process.poll() is None
        process.communicate(timeout=_END_S)
    if not has_counted:
        raise RuntimeError(f"the metronome had ended, with status {process.returncode}")


def main(path: str) -> None:
    """Count until standard input ends; called as `fair_time.py FILE`."""
    os.nice(NICE)
    os.set_blocking(sys.stdin.fileno(), False)
    with open(path, "r+b", buffering=0) as file:
        ticks = 0
        while sys.stdin.buffer.read(1) is None:
            time.sleep(_SLEEP_S)
            _work()
            ticks += 1
            file.seek(0)
            file.write(_COUNT.pack(ticks))


def _work() -> None:
    end = time.thread_time() + _WORK_S
    while time.thread_time() < end:
        pass


if __name__ == "__main__":
    main(sys.argv[1])
