"""What a run did to its machine: a figure for each chapter, so that a busy one is seen.

    tests --seconds--> chapter <--load, threads, processes-- /proc, at the end of each test

Taken in the process that reports, of the whole machine, whatever else runs there.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

_LOAD: Final = "/proc/loadavg"


@dataclass(frozen=True)
class Sample:
    """The machine at one moment: load average of a minute, threads and processes there are."""

    load: float
    threads: int
    processes: int


@dataclass
class Figures:
    """One chapter: how many seconds its tests took, and the highest of each sample."""

    tests: int = 0
    seconds: float = 0.0
    load: float = 0.0
    threads: int = 0
    processes: int = 0

    def add(self, seconds: float, sample: Sample) -> None:
        """Note a phase of a test, and the machine at its end."""
        self.seconds += seconds
        self.load = max(self.load, sample.load)
        self.threads = max(self.threads, sample.threads)
        self.processes = max(self.processes, sample.processes)


@dataclass
class MachineLoad:
    """Collects the figures of a run, by chapter in the order of their first tests."""

    chapters: dict[str, Figures] = field(default_factory=dict)

    def add(self, chapter: str, seconds: float, *, is_call: bool) -> None:
        """Note a phase of a test of that chapter."""
        figures = self.chapters.setdefault(chapter, Figures())
        figures.add(seconds, take_sample())
        figures.tests += is_call

    def table(self) -> Iterable[str]:
        """One line per chapter, as a table of Markdown."""
        yield "| chapter | tests | seconds | highest load | threads | processes |"
        yield "|---|---|---|---|---|---|"
        for name, one in self.chapters.items():
            yield (
                f"| {name} | {one.tests} | {one.seconds:.0f} | {one.load:.1f} "
                f"| {one.threads} | {one.processes} |"
            )


def take_sample() -> Sample:
    """Look at the machine; reads two places of /proc."""
    with open(_LOAD, encoding="utf-8") as file:
        # 0.20 0.18 0.12 1/80 11206: three averages, running and all threads, the newest process
        load, _, _, threads, _ = file.read().split()
    processes = sum(name.isdigit() for name in os.listdir("/proc"))
    return Sample(float(load), int(threads.partition("/")[2]), processes)
