"""What a CI service runs: a job on each of its runners, Pythons, Rays, targets and modes."""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from matrix.records import Job, Runner


@dataclass(frozen=True)
class Cell:
    """One run: an interpreter on a runner, and the arguments of nox for it.

    `slug` names it in artefacts and caches; no two cells of a matrix have the same.
    """

    job: str
    slug: str
    runner: Runner
    python: str
    image: str
    arguments: str


def cells_of(job: Job) -> tuple[Cell, ...]:
    """Give the runs that a job stands for, in the order of its keys."""
    return tuple(_cells(job))


def _cells(job: Job) -> Iterator[Cell]:
    for runner, python in itertools.product(job.runners, job.pythons):
        image = job.image.for_python(python) if job.image else ""
        for words, arguments in _runs(job):
            where = (job.name, runner.architecture, f"py{python}")
            yield Cell(job.name, _slug(*where, *words), runner, python, image, arguments)


def _runs(job: Job) -> Iterator[tuple[tuple[str, ...], str]]:
    """Give the words that tell a run from its neighbours, and nox's arguments."""
    for session in job.sessions:
        yield (session,), f"-s {session}"
    for target, mode, ray in itertools.product(job.targets, job.modes, job.rays):
        yield (target, mode, f"ray-{ray}"), _conformance(target, mode, ray, job.chapters)


def _conformance(target: str, mode: str, ray: str, chapters: tuple[str, ...]) -> str:
    words = ["-s", "conformance", "--", "--target", target, "--mode", mode, "--ray", ray]
    for chapter in chapters:
        words += ["--chapter", chapter]
    return shlex.join(words)


def _slug(*words: str) -> str:
    return re.sub(r"[^A-Za-z0-9._]+", "-", "-".join(words)).strip("-")
