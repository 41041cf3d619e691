"""The verdict of a run in one line, and which of three things it is."""

from __future__ import annotations

import enum
from collections.abc import Sequence

from yr_conformance.report.run import INTERRUPTED, Run
from yr_conformance.states import WORST_FIRST, State


class Verdict(enum.Enum):
    """What a run comes to. A run that fails though no clause does is failed."""

    PASSED = "passed"
    RESERVED = "passed with reservations"
    FAILED = "failed"


def verdict_of(runs: Sequence[Run]) -> Verdict:
    """Give the worst verdict of these runs."""
    if any(run.exit_status or run.counts[State.FAILED] for run in runs):
        return Verdict.FAILED
    known = (State.DEVIATES, State.UNSTEADY)
    if any(run.counts[state] for run in runs for state in known):
        return Verdict.RESERVED
    return Verdict.PASSED


def sentence_of(run: Run) -> str:
    """Say what became of a run: the worst first, and how many passed of those that could."""
    counts = run.counts
    tried = sum(counts[state] for state in State if state not in _UNTRIED)
    others = [state for state in WORST_FIRST if counts[state] and state is not State.PASSED]
    said = [f"{counts[state]} {state.value}" for state in others]
    return ", ".join([*_about_the_end(run), *said, f"{counts[State.PASSED]} of {tried} passed"])


def _about_the_end(run: Run) -> list[str]:
    if not run.proofs:
        return [f"nothing was run (status {run.exit_status})"]
    if run.exit_status == INTERRUPTED:
        return ["interrupted before the end"]
    if run.exit_status and not run.counts[State.FAILED]:
        return [f"ended with status {run.exit_status} though no clause failed"]
    return []


_UNTRIED = (State.UNSUPPORTED, State.NOT_RUN)
