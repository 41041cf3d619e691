"""What the tests of a module noticed, read from cosmic-ray's file."""

from __future__ import annotations

import pathlib

from changes import Outcomes, Survivor
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import TestOutcome, WorkerOutcome


class UnfinishedError(Exception):
    """Changes of a module have no result yet, or cosmic-ray failed at one."""


def outcomes_of(module: str, session: pathlib.Path) -> Outcomes:
    """Read them; UnfinishedError unless each change has a result."""
    tried, survivors = 0, []
    with use_db(str(session), WorkDB.Mode.open) as work:
        results = dict(work.results)
        for item in work.work_items:
            result = results.get(item.job_id)
            if result is None or result.worker_outcome is WorkerOutcome.EXCEPTION:
                raise UnfinishedError(f"{module}: {item} came to {result}")
            if result.worker_outcome is WorkerOutcome.SKIPPED:
                continue
            tried += 1
            if result.test_outcome is TestOutcome.SURVIVED:
                survivors.append(_survivor(module, result.diff or ""))
    return Outcomes(module, tried, tuple(sorted(survivors)))


def _survivor(module: str, difference: str) -> Survivor:
    lines = difference.splitlines()
    return Survivor(module, _with_sign("-", lines), _with_sign("+", lines))


def _with_sign(sign: str, lines: list[str]) -> str:
    changed = [line[1:].strip() for line in lines if line.startswith(sign)]
    return " ".join(line for line in changed if not line.startswith(sign * 2))
