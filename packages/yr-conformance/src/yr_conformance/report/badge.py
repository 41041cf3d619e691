"""A badge, as the endpoint of shields.io takes it (schema version 1)."""

from __future__ import annotations

import json
from collections.abc import Sequence

from yr_conformance.report.run import Run
from yr_conformance.report.verdict import Verdict, verdict_of
from yr_conformance.states import State

_COLOURS = {
    Verdict.PASSED: "brightgreen",
    Verdict.RESERVED: "yellow",
    Verdict.FAILED: "red",
}


def badge(runs: Sequence[Run]) -> str:
    """Give the badge of these runs; serve the file, and name its address to shields.io."""
    verdict = verdict_of(runs)
    found = {
        "schemaVersion": 1,
        "label": f"conformance {runs[0].target}" if len(runs) == 1 else "conformance",
        "message": " | ".join(_message(run, named=len(runs) > 1) for run in runs),
        "color": _COLOURS[verdict],
        "isError": verdict is Verdict.FAILED,
    }
    return json.dumps(found, indent=1) + "\n"


def _message(run: Run, *, named: bool) -> str:
    counts = run.counts
    done = f"{counts[State.PASSED]} passed"
    if failed := counts[State.FAILED]:
        done += f", {failed} failed"
    elif run.exit_status:
        done += ", run failed"
    return f"{run.target} {done}" if named else done
