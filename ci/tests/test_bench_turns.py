"""The order in which the contenders of `nox -s bench` take turns."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest
from bench.contenders import Contender
from bench.machine import Machine
from bench.results import Results
from bench.turns import Rounds, run
from bench.works import Work

_WORK = Work("a work", "actor", 1, 1, 3, 0)
_ONE, _OTHER = Contender("one", "One", "stage"), Contender("other", "Other", "stage")


class _Stage:
    """Answers with the number of the question; some contenders cannot run from a question on."""

    def __init__(self, cannot_from: Mapping[str, int]) -> None:
        self.asked: list[str] = []
        self._cannot_from = cannot_from

    def ask(self, question: Mapping[str, str]) -> dict[str, Any]:
        name = question.get("contender", "leave")
        self.asked.append(name)
        if self.asked.count(name) > self._cannot_from.get(name, 100):
            return {"reason": "it cannot"}
        return {"figure": float(len(self.asked))}


@pytest.fixture
def results() -> Results:
    """Give results without a figure."""
    return Results(Machine("2026-01-01", "a CPU", 2, 24.0, 12.0, "6.1", 0.0))


def _run(stage: _Stage, results: Results, *, is_quick: bool = False) -> None:
    contenders, rounds = [_ONE, _OTHER], Rounds(is_quick)
    heard: list[str] = []
    run([_WORK], contenders, {"stage": stage}, results, rounds, heard.append)
    assert len(heard) <= rounds.turns([_WORK], contenders)


def test_contenders_take_turns_and_begin_in_turns(results: Results) -> None:
    """The first turn of each is not counted; at the end the work's memory is given back."""
    stage = _Stage({})

    _run(stage, results)

    rounds = [["one", "other"], ["one", "other"], ["other", "one"], ["one", "other"]]
    assert stage.asked == [name for turn in rounds for name in turn] + ["leave"]
    assert results.figures["a work"] == {"one": [3.0, 6.0, 7.0], "other": [4.0, 5.0, 8.0]}


def test_who_cannot_run_is_not_asked_again(results: Results) -> None:
    """The reason is kept."""
    stage = _Stage({"other": 0})

    _run(stage, results)

    assert stage.asked.count("other") == 1
    assert results.reason("a work", "other") == "it cannot"


def test_who_fails_later_keeps_what_was_measured_and_says_why(results: Results) -> None:
    """Figures until then are figures."""
    _run(_Stage({"other": 2}), results)

    assert len(results.figures["a work"]["other"]) == 1
    assert results.reason("a work", "other") == "it cannot"


def test_contenders_of_a_stall_come_one_after_the_other(results: Results) -> None:
    """And give their memory back before the next one begins."""
    stage, work = _Stage({}), dataclasses.replace(_WORK, stall=True, rounds=1)

    run([work], [_ONE, _OTHER], {"stage": stage}, results, Rounds(), lambda _: None)

    assert stage.asked == ["one", "one", "leave", "other", "other", "leave", "leave"]
    assert results.figures["a work"] == {"one": [2.0], "other": [5.0]}


def test_a_copy_is_not_asked_to_be_a_transfer(results: Results) -> None:
    """It is the limit of some works, and none of the others."""
    stage, copy = _Stage({}), Contender("copy", "A copy", "stage", is_copy="warm")
    work = dataclasses.replace(_WORK, kind="driver")

    run([work], [copy], {"stage": stage}, results, Rounds(), lambda _: None)

    assert stage.asked == ["leave"]


def test_quick_leaves_works_out(results: Results) -> None:
    """Those without rounds of their own."""
    stage = _Stage({})

    _run(stage, results, is_quick=True)

    assert not stage.asked


def test_there_are_never_more_rounds_than_wanted() -> None:
    """A warm-up for each contender comes on top."""
    rounds = Rounds(most=2)

    assert rounds.of(_WORK) == 2
    assert rounds.turns([_WORK], [_ONE, _OTHER]) == 6
