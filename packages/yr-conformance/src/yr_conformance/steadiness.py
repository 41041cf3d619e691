"""Runs of the same clauses again and again, and how often each passed and failed.

command --run, N times--> reports (JSON) --> tally, clause by clause --> table
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from yr_conformance.results import cause_of
from yr_conformance.states import State

_FAILURES = (State.FAILED, State.UNSTEADY)


@dataclass
class Tally:
    """What became of one clause: its passes, its failures and the first error.

    Known failures of unsteady clauses count too: their rate is what is measured here.
    """

    passed: int = 0
    failed: int = 0
    first_error: str = ""

    def add(self, state: State, reason: str) -> None:
        """Note one run; one in which the clause did not run does not count."""
        self.passed += state is State.PASSED
        self.failed += state in _FAILURES
        if state in _FAILURES and not self.first_error:
            self.first_error = cause_of(reason)


@dataclass
class Tallies:
    """All clauses of all runs."""

    runs: int = 0
    broken: int = 0
    """Runs that failed though no clause did: what they left behind, or an interruption."""
    clauses: dict[str, Tally] = field(default_factory=dict)

    def add(self, status: int, report: str) -> None:
        """Note one run by its exit status and its report as JSON, "" if it wrote none."""
        self.runs += 1
        states = json.loads(report)["clauses"] if report else {}
        for proof, row in states.items():
            self.clauses.setdefault(proof, Tally()).add(State(row["state"]), row["reason"])
        any_failed = any(State(row["state"]) in _FAILURES for row in states.values())
        self.broken += bool(status) and not any_failed

    @property
    def failed(self) -> bool:
        """Whether anything failed in any run."""
        return bool(self.broken) or any(one.failed for one in self.clauses.values())

    def table(self) -> Iterator[str]:
        """The clauses that failed, as a table of Markdown, and what the others add up to."""
        failing = {proof: one for proof, one in self.clauses.items() if one.failed}
        yield "| clause | passed | failed | first error |"
        yield "|---|---|---|---|"
        for proof, one in sorted(failing.items(), key=lambda item: -item[1].failed):
            yield f"| {proof} | {one.passed} | {one.failed} | {one.first_error} |"
        steady = [one for one in self.clauses.values() if one.passed and not one.failed]
        yield f"{len(steady)} clauses passed in all of {self.runs} runs, {len(failing)} did not"
        if self.broken:
            yield f"{self.broken} of {self.runs} runs failed though no clause did"


def repeat(command: Sequence[str], times: int) -> Tallies:
    """Run a command of `yr-conformance run` so often, and count."""
    tallies = Tallies()
    with tempfile.TemporaryDirectory() as directory:
        for number in range(times):
            path = os.path.join(directory, f"{number}.json")
            done = subprocess.run([*command, "--report", path], check=False)
            tallies.add(done.returncode, _read(path))
    return tallies


def _read(path: str) -> str:
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as file:
        return file.read()
