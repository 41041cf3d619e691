"""The tables of a run: rows of words, the same for the terminal and for a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bench.contenders import CONTENDERS, Contender
from bench.goals import judged
from bench.results import Results
from bench.summary import ratio, shown
from bench.works import WORKS, Work

NO_FIGURE = "-"
_SHORT = 70
"""Longest reason inside a table; the whole of it is below the table of figures."""


@dataclass(frozen=True)
class Table:
    """A title, a row of headings and rows of as many cells; notes are below."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = field(default_factory=tuple)

    def markdown(self) -> str:
        """Write it for a page."""
        lines = [f"| {' | '.join(self.head)} |", f"|{'---|' * len(self.head)}"]
        lines += [f"| {' | '.join(row)} |" for row in self.rows]
        notes = ["", *(f"- {note}" for note in self.notes)] if self.notes else []
        return "\n".join([*lines, *notes])


def figures(results: Results, title: str, works: Iterable[Work]) -> Table:
    """Give a row for each contender and a column for each work: medians, and the middle half."""
    works = [one for one in works if one.name in results.figures or one.name in results.reasons]
    taking_part = [one for one in CONTENDERS if any(_tried(results, work, one) for work in works)]
    rows = [[one.label, *(_cell(results, work, one) for work in works)] for one in taking_part]
    return Table(title, ["", *(one.name for one in works)], rows, _reasons(results, works))


def ratios(results: Results, title: str, works: Iterable[Work], against: str) -> Table:
    """Give how many times the median of one contender that of each of the others is."""
    works = [one for one in works if results.summary(one.name, against)]
    label = next(one.label for one in CONTENDERS if one.name == against)
    rows = []
    for one in CONTENDERS:
        cells = [_ratio(results, work, one.name, against) for work in works]
        if any(cell != NO_FIGURE for cell in cells):
            rows.append([one.label, *cells])
    return Table(f"{title}, as multiples of: {label}", ["", *(one.name for one in works)], rows)


def goals(results: Results) -> Table:
    """Give the goals, filled in."""
    rows = []
    for one in judged(results):
        goal = one.goal
        measured = (
            _cut(one.why_not) if one.measured is None else _measured(one.measured, goal.against)
        )
        reached = NO_FIGURE if one.measured is None else "yes" if one.is_reached else "no"
        rows.append([goal.work, goal.subject, goal.against, goal.text, measured, reached])
    head = ("work", "of", "against", "at least", "measured", "reached")
    return Table("Goals", head, rows)


def all_figures(results: Results) -> list[Table]:
    """Give every table of figures that has any."""
    groups = {
        "Actor to actor (ms)": ("actor", "read"),
        "To the driver (ms)": ("driver", "target"),
        "Several at once (ms)": ("flight", "fan", "submit"),
        "Put and get alone (ms), memory (copies)": ("put", "get", "memory"),
    }
    tables = [
        figures(results, title, [one for one in WORKS if one.kind in kinds])
        for title, kinds in groups.items()
    ]
    return [table for table in tables if table.rows]


def _measured(value: float, against: str) -> str:
    if not against:
        return shown(value)
    return f"{value:.2f} x" if value >= 1 else f"{value:.2f} x ({1 / value:.1f} x faster)"


def _tried(results: Results, work: Work, contender: Contender) -> bool:
    figures_of = results.figures.get(work.name, {}).get(contender.name)
    return bool(figures_of) or bool(results.reason(work.name, contender.name))


def _cell(results: Results, work: Work, contender: Contender) -> str:
    found = results.summary(work.name, contender.name)
    if found is None:
        return NO_FIGURE
    return f"{shown(found.median)} ({shown(found.low)}..{shown(found.high)})"


def _ratio(results: Results, work: Work, contender: str, against: str) -> str:
    one, other = results.summary(work.name, contender), results.summary(work.name, against)
    return f"{ratio(one, other):.2f}" if one and other else NO_FIGURE


def _reasons(results: Results, works: Sequence[Work]) -> list[str]:
    """Say once why a contender has no figure, and for which works."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in CONTENDERS:
        for work in works:
            if reason := results.reason(work.name, one.name):
                found.setdefault((one.label, reason), []).append(work.name)
    return [
        f"{label}, {_all_or(names, works)}: {reason}" for (label, reason), names in found.items()
    ]


def _all_or(names: Sequence[str], works: Sequence[Work]) -> str:
    return "all of these" if len(names) == len(works) > 1 else "; ".join(names)


def _cut(words: str) -> str:
    return words if len(words) <= _SHORT else words[: _SHORT - 2].rstrip() + " …"
