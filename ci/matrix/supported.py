"""Which versions are supported: those that jobs run, for each target of the clauses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from contents import CONTENTS

from matrix.agreement import versions
from matrix.records import Job, Matrix

COLUMNS = ("target", "machines", "Python", "Ray", "torch", "torch_npu", "datasystem", "CANN")


def rows(matrix: Matrix) -> Iterator[tuple[str, ...]]:
    """Yield a row for each target that a job has, in the order of ci/contents.py."""
    for target in CONTENTS:
        jobs = [job for job in matrix.jobs if target in job.targets]
        if jobs:
            yield (f"`{target}`", *_cells(target, jobs))


def _cells(target: str, jobs: list[Job]) -> Iterator[str]:
    yield _all(_machine(job) for job in jobs)
    yield _all(job.pythons for job in jobs)
    known = [versions(job) for job in jobs]
    for name in ("ray", "torch", "torch_npu", "datasystem"):
        said = _all(one[name] for one in known)
        yield "the fake of 0.8.1" if (target, name) == ("fake", "datasystem") else said
    yield _all([job.image.cann] if job.image else [] for job in jobs)


def _machine(job: Job) -> Iterator[str]:
    for runner in job.runners:
        chip = f", {runner.chip}" if runner.npus else ""
        yield f"{runner.architecture}{chip}"


def _all(groups: Iterable[Iterable[str]]) -> str:
    found = dict.fromkeys(word for group in groups for word in group)
    return "; ".join(sorted(found, key=_order)) or "-"


def _order(word: str) -> tuple[list[int], str]:
    numbers = word.split(".")
    return ([int(one) for one in numbers] if all(map(str.isdigit, numbers)) else []), word
