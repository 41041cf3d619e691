"""The matrix as a table, for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from matrix.agreement import versions
from matrix.cells import cells_of
from matrix.records import Job, Matrix, Runner

_HEAD = (
    *("job", "tier", "runners", "chip", "NPUs", "CANN", "Python", "Ray", "torch", "torch_npu"),
    *("datasystem", "runs what", "minutes", "cells"),
)


def lines_of(matrix: Matrix) -> Iterator[str]:
    """Yield the lines of a Markdown table with one row for each job."""
    rows = [_HEAD, *(_row(job) for job in matrix.jobs)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    yield _line(_HEAD, widths)
    yield _line(["-" * width for width in widths], widths)
    for row in rows[1:]:
        yield _line(row, widths)
    jobs, cells = len(matrix.jobs), sum(len(cells_of(job)) for job in matrix.jobs)
    yield f"{jobs} jobs, {cells} cells, {len(matrix.runners)} kinds of runner"


def _row(job: Job) -> tuple[str, ...]:
    known = versions(job)
    return (
        job.name,
        job.tier,
        _joined(runner.label for runner in job.runners),
        _joined(dict.fromkeys(runner.chip for runner in job.runners)),
        _joined(dict.fromkeys(_npus(job, runner) for runner in job.runners)),
        job.image.cann if job.image else "-",
        _joined(job.pythons),
        _joined(known["ray"]),
        *(_joined(known[name]) for name in ("torch", "torch_npu", "datasystem")),
        _what(job),
        str(job.minutes),
        str(len(cells_of(job))),
    )


def _npus(job: Job, runner: Runner) -> str:
    return str(runner.npus) if job.npus == runner.npus else f"{job.npus} of {runner.npus}"


def _what(job: Job) -> str:
    chapters = _joined(job.chapters) if job.chapters else "all"
    clauses = f"{_joined(job.targets)} ({_joined(job.modes)}): {chapters}"
    return textwrap.shorten(
        _joined(job.sessions) if job.sessions else clauses, 60, placeholder=" …"
    )


def _joined(words: Iterable[str]) -> str:
    return ", ".join(words) or "-"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    padded = [word.ljust(width) for word, width in zip(row, widths, strict=True)]
    return f"| {' | '.join(padded)} |"
