"""What two machines answer differently."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from yr_conformance.calibration.record import Entry, Record


@dataclass(frozen=True)
class Difference:
    """One question, or one text of many, with both answers as a report shows them."""

    question: str
    entry: Entry
    measured: str
    emulated: str


def differences(measured: Record, emulated: Record) -> tuple[Difference, ...]:
    """Give what differs among the questions that both were asked, in their order."""
    return tuple(
        difference
        for name, one in measured.answers.items()
        if one.outcome != "not-asked" and name in emulated.answers
        for difference in _of(name, one, emulated.answers[name])
    )


def same(one: Entry, other: Entry) -> bool:
    """Whether two answers are the same, numbers within what the question tolerates."""
    if one.outcome != other.outcome:
        return False
    if one.outcome != "answered":
        return one.outcome == "silent" or _end(one) == _end(other)
    if one.kind == "number":
        return abs(_number(one) - _number(other)) <= one.tolerance
    return one.value == other.value


def _of(name: str, one: Entry, other: Entry) -> Iterator[Difference]:
    if same(one, other):
        return
    if isinstance(one.value, dict) and isinstance(other.value, dict):
        for key in sorted({*one.value, *other.value}, key=int):
            texts = one.value.get(key, "-"), other.value.get(key, "-")
            if texts[0] != texts[1]:
                yield Difference(f"{name} [{key}]", one, *texts)
        return
    yield Difference(name, one, one.answer.shown, other.answer.shown)


def _end(one: Entry) -> str:
    return one.text.partition(":")[0]


def _number(one: Entry) -> float:
    if not isinstance(one.value, int | float):
        raise TypeError(f"{one.asks} has the answer {one.value!r}, which is no number")
    return one.value
