"""The report of a calibration, as Markdown that can be put into an issue as it is."""

from __future__ import annotations

import collections
import pathlib
from collections.abc import Iterator, Sequence

from yr_conformance.calibration.differences import Difference, differences
from yr_conformance.calibration.record import Entry, Record


def lines(measured: Record, emulated: Record, file: pathlib.Path | None) -> Iterator[str]:
    """Give the report, line by line; `file` is where the record was written, if it was."""
    found = differences(measured, emulated)
    yield f"# What {measured.chip} answers on {measured.target}, and what yr-fake-cann does"
    yield ""
    machine = f"CANN {measured.versions['cann']}, NPUs: {measured.npus}, {measured.date}."
    yield f"{machine} {_sum(measured, found)}"
    yield from _section("Differences", _differing(found))
    yield from _section("Without an answer", _unanswered(measured))
    yield from _section("Not asked", _not_asked(measured))
    yield from _use(found, file)


def _sum(measured: Record, found: Sequence[Difference]) -> str:
    counts = collections.Counter(one.outcome for one in measured.answers.values())
    answered = len(measured.answers) - counts["not-asked"]
    differing = len({each.question.partition(" ")[0] for each in found})
    not_asked = counts["not-asked"]
    return f"{answered} questions asked, {differing} answered differently, {not_asked} not asked."


def _section(title: str, rows: Sequence[Sequence[str]]) -> Iterator[str]:
    head, *body = rows
    if not body:
        return
    yield from ("", f"## {title}", "", _row(head), "|---" * len(head) + "|")
    yield from map(_row, body)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _differing(found: Sequence[Difference]) -> list[tuple[str, ...]]:
    head = ("question", "asks", "here", "yr-fake-cann", "which was", "stands for")
    return [head, *(_difference(each) for each in found)]


def _difference(each: Difference) -> tuple[str, ...]:
    one = each.entry
    unit = f" {one.unit}" if one.unit and one.outcome == "answered" else ""
    source = "a guess" if one.source == "guess" else "documented"
    return (each.question, one.asks, each.measured + unit, each.emulated, source, stands_for(one))


def stands_for(one: Entry) -> str:
    """Say which value of the emulator an answer stands for."""
    if one.calibrates is None:
        return "nothing that can be set"
    if "setting" in one.calibrates:
        return f"the setting {one.calibrates['setting']}"
    situation = one.calibrates["situation"]
    return f"status of {one.calibrates['function']}{f', {situation}' if situation else ''}"


def _unanswered(measured: Record) -> list[tuple[str, ...]]:
    rows = _with_outcome(measured, "ended", "silent")
    return [("question", "asks", "what happened"), *rows]


def _not_asked(measured: Record) -> list[tuple[str, ...]]:
    return [("question", "asks", "why"), *_with_outcome(measured, "not-asked")]


def _with_outcome(measured: Record, *outcomes: str) -> list[tuple[str, ...]]:
    return [
        (name, one.asks, one.text)
        for name, one in measured.answers.items()
        if one.outcome in outcomes
    ]


def _use(found: Sequence[Difference], file: pathlib.Path | None) -> Iterator[str]:
    yield ""
    if not found:
        yield "There is no difference: for what was asked, yr-fake-cann needs no calibration."
        return
    named = file or "FILE"
    yield "To let the emulator be like this machine:"
    yield ""
    yield f"    yr-fake-cann run --calibration {named} -- COMMAND ..."
    yield ""
    if not file:
        yield "FILE is what `--output FILE` writes."
    yield "When it starts, it names the answers that it cannot make its own."
