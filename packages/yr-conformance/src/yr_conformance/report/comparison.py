"""Two reports held against each other: what got worse, what got better, what is not in both.

passed, then anything that was tried and is not        a regression
deviates or unsteady, then failed                      a regression
a run that ended well, and then does not               a regression
the other way round                                    mended
tried, and then not                                    no longer tried: told, no regression
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from yr_conformance.report.errors import ReportError
from yr_conformance.report.matrix import Column, columns
from yr_conformance.report.run import Proof, Run
from yr_conformance.results import cause_of
from yr_conformance.states import State

_TRIED = frozenset({State.PASSED, State.DEVIATES, State.UNSTEADY, State.FAILED})
Change = tuple[Proof, Proof]


@dataclass(frozen=True)
class Comparison:
    """What is different between two columns; the proofs of `changed` are in both."""

    before: Column
    after: Column
    changed: tuple[Change, ...]
    gone: tuple[Proof, ...]
    new: tuple[Proof, ...]

    @property
    def regressions(self) -> list[str]:
        """A line for each thing that got worse."""
        worse = [
            *(_change(*one) for one in self.changed if _is_worse(*one)),
            *(f"{one.name}: new, and failed: {cause_of(one.reason)}" for one in self._new_failures),
        ]
        if not worse and _ended_well(self.before) and not _ended_well(self.after):
            worse.append("the run ended with an error though no clause failed")
        return worse

    @property
    def _new_failures(self) -> list[Proof]:
        return [one for one in self.new if one.state is State.FAILED]

    def lines(self) -> Iterator[str]:
        """Say it all, as Markdown."""
        yield f"## {self.before.label} -> {self.after.label}"
        yield from _section("Regressions", self.regressions)
        mended = [_change(*one) for one in self.changed if _is_mended(*one)]
        yield from _section("Mended", mended)
        rest = [one for one in self.changed if not _is_worse(*one) and not _is_mended(*one)]
        yield from _section("Otherwise changed", [text for one in rest if (text := _other(*one))])
        yield from _section("Only before", [one.name for one in self.gone])
        yield from _section("Only after", [f"{one.name}: {one.state.value}" for one in self.new])
        if not (self.changed or self.gone or self.new or self.regressions):
            yield "No difference."


def pairs(before: Sequence[Run], after: Sequence[Run]) -> list[tuple[Column, Column]]:
    """Give the columns to compare: two reports of one column each, whatever it is; else by label.

    Raises ReportError if nothing of one report is in the other.
    """
    first, second = columns(before), columns(after)
    if len(first) == len(second) == 1:
        return [(first[0], second[0])]
    labelled = {column.label: column for column in second}
    found = [(column, labelled[column.label]) for column in first if column.label in labelled]
    if not found:
        raise ReportError(
            f"nothing to compare: {_labels(first)} in one report, {_labels(second)} in the other"
        )
    return found


def compare(before: Column, after: Column) -> Comparison:
    """Compare two columns proof by proof."""
    old, new = _proofs(before), _proofs(after)
    both = sorted(old.keys() & new.keys())
    return Comparison(
        before,
        after,
        changed=tuple((old[one], new[one]) for one in both if _differ(old[one], new[one])),
        gone=tuple(old[one] for one in sorted(old.keys() - new.keys())),
        new=tuple(new[one] for one in sorted(new.keys() - old.keys())),
    )


def _proofs(column: Column) -> dict[str, Proof]:
    return {name: proof for run in column.runs for name, proof in run.proofs.items()}


def _differ(before: Proof, after: Proof) -> bool:
    return before.state is not after.state or before.clause.sentence != after.clause.sentence


def _is_worse(before: Proof, after: Proof) -> bool:
    if after.state not in _TRIED:
        return False
    # What could not be tried has nothing that it could lose, unless it fails.
    if before.state not in _TRIED:
        return after.state is State.FAILED
    return after.state.is_worse_than(before.state)


def _is_mended(before: Proof, after: Proof) -> bool:
    return {before.state, after.state} <= _TRIED and before.state.is_worse_than(after.state)


def _change(before: Proof, after: Proof) -> str:
    why = f": {cause_of(after.reason)}" if after.reason else ""
    return f"{after.name}: {before.state.value} -> {after.state.value}{why}"


def _other(before: Proof, after: Proof) -> str:
    if before.state is not after.state:
        return _change(before, after)
    return f"{after.name}: reworded: {after.clause.sentence}"


def _ended_well(column: Column) -> bool:
    return not any(run.exit_status for run in column.runs)


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"### {title} ({len(lines)})"
        yield from (f"- {line}" for line in lines)


def _labels(of: Sequence[Column]) -> str:
    return ", ".join(column.label for column in of)
