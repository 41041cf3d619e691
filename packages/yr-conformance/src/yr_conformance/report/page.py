"""The report as one HTML file, for people: no other file, no network, and no script is needed.

Everything that a run printed is escaped, and the page forbids itself to load anything.
"""

from __future__ import annotations

import itertools
import pathlib
import re
from collections.abc import Iterator, Sequence

import jinja2
import markupsafe

from yr_conformance.clauses import Level
from yr_conformance.mutants import killed_by
from yr_conformance.report.matrix import Cell, Row, columns, rows
from yr_conformance.report.plain import plain
from yr_conformance.report.run import Run
from yr_conformance.report.verdict import sentence_of, verdict_of
from yr_conformance.results import cause_of
from yr_conformance.states import WORST_FIRST, State

_SOURCES = pathlib.Path(__file__).parent / "sources"
_CODE = re.compile(r"`([^`]+)`")
_NEED_ATTENTION = (State.FAILED, State.UNSTEADY, State.DEVIATES)
_MOST_ERRORS = 12
"""If more needs attention, errors are shortened before the clauses, and whole only beside them."""
_MEANINGS = {
    State.PASSED: "every test of the clause passed",
    State.FAILED: "a test did not pass, or left something behind",
    State.DEVIATES: "the target is known not to fulfil it",
    State.UNSTEADY: "it failed as the target is known to do now and then",
    State.UNSUPPORTED: "the target lacks what the clause needs",
    State.NOT_RUN: "left out for another reason, or not part of the run",
}


def page(runs: Sequence[Run]) -> str:
    """Give the page for these runs."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_SOURCES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        cause=cause_of, cells=_cells_of, duration=_duration, plain=plain, prose=_prose
    )
    found = columns(runs)
    all_rows = rows(found)
    return environment.get_template("page.html").render(
        verdict=verdict_of(runs).value,
        runs=runs,
        sentence_of=sentence_of,
        columns=found,
        chapters=[(name, list(of)) for name, of in itertools.groupby(all_rows, _chapter)],
        count=len(all_rows),
        attention=[one for state in _NEED_ATTENTION for one in _in_state(all_rows, state)],
        most_errors=_MOST_ERRORS,
        killed_by=killed_by,
        states=WORST_FIRST,
        levels=list(Level),
        meanings=_MEANINGS,
        headers=list(dict.fromkeys(name for run in runs for name in run.header)),
    )


def _chapter(row: Row) -> str:
    return row.clause.chapter


def _in_state(all_rows: Sequence[Row], state: State) -> Iterator[tuple[Row, Cell]]:
    for row in all_rows:
        yield from ((row, cell) for cell in row.cells if cell.proof and cell.state is state)


def _prose(text: str) -> markupsafe.Markup:
    """Give a sentence with what stands in backticks as code, and all else escaped."""
    escaped = str(markupsafe.escape(text))
    return markupsafe.Markup(_CODE.sub(r"<code>\1</code>", escaped))  # noqa: S704 - escaped above


def _duration(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _cells_of(row: str) -> list[str]:
    """Split a row of a table of Markdown."""
    return [cell.strip() for cell in row.strip().strip("|").split("|")]
