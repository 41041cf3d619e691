"""The report as a page of Markdown, for the summary page of a CI service."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from yr_conformance.report.matrix import Column, columns
from yr_conformance.report.plain import plain
from yr_conformance.report.run import Proof, Run
from yr_conformance.report.verdict import sentence_of, verdict_of
from yr_conformance.results import cause_of
from yr_conformance.states import WORST_FIRST, State

_MOST_ROWS = 50
_SHOWN = (State.FAILED, State.UNSTEADY, State.DEVIATES)


def summary(runs: Sequence[Run]) -> str:
    """Give the page: verdict, counts, what did not pass and why, environment."""
    lines = [f"## Conformance: {verdict_of(runs).value}", ""]
    lines += [f"- **{_name(run)}**: {sentence_of(run)}" for run in runs]
    lines += ["", *_counts(columns(runs)), "", *_problems(runs), *_environments(runs)]
    return "\n".join(lines) + "\n"


def _counts(found: Sequence[Column]) -> Iterator[str]:
    yield "| target | " + " | ".join(f"{state.mark} {state.value}" for state in WORST_FIRST) + " |"
    yield "|---|" + "---:|" * len(State)
    for column in found:
        numbers = [sum(run.counts[state] for run in column.runs) for state in WORST_FIRST]
        yield f"| {column.label} | " + " | ".join(map(str, numbers)) + " |"


def _problems(runs: Sequence[Run]) -> Iterator[str]:
    for state in _SHOWN:
        found = [(run, proof) for run in runs for proof in run.proofs.values()]
        found = [(run, proof) for run, proof in found if proof.state is state]
        if found:
            yield f"### {state.value.capitalize()}"
            yield ""
            yield "| clause | on | says | why |"
            yield "|---|---|---|---|"
            yield from (_row(run, proof) for run, proof in found[:_MOST_ROWS])
            yield from _more(len(found) - _MOST_ROWS)
            yield ""


def _row(run: Run, proof: Proof) -> str:
    sentence = " ".join(proof.clause.sentence.split())
    why = "; ".join(filter(None, (cause_of(proof.reason), proof.here)))
    return f"| {proof.name} | {_name(run)} | {_cell(sentence)} | {_cell(why)} |"


def _more(number: int) -> Iterator[str]:
    if number > 0:
        yield f"| and {number} more | | | |"


def _environments(runs: Sequence[Run]) -> Iterator[str]:
    yield "<details><summary>Environment</summary>"
    yield ""
    yield "| | " + " | ".join(_name(run) for run in runs) + " |"
    yield "|---|" + "---|" * len(runs)
    names = dict.fromkeys(name for run in runs for name in run.header)
    for name in names:
        yield f"| {name} | " + " | ".join(_cell(run.header.get(name, "")) for run in runs) + " |"
    yield "| clauses | " + " | ".join(run.clause_set for run in runs) + " |"
    yield ""
    yield "</details>"


def _name(run: Run) -> str:
    return f"{run.target} {run.mode}".strip()


def _cell(text: str) -> str:
    return plain(text).replace("|", "\\|").replace("<", "&lt;")
