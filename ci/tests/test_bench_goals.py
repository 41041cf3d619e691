"""The goals of `nox -s bench`, and how they are filled in."""

from __future__ import annotations

import pytest
from bench import contenders, works
from bench.goals import GOALS, Goal, Judged, judged
from bench.machine import Machine
from bench.results import Results

_ELEMENT = "1 element, actor to actor"


@pytest.fixture
def results() -> Results:
    """Give results without a figure."""
    return Results(Machine("2026-01-01", "a CPU", 2, 24.0, 12.0, "6.1", 0.0))


def test_every_goal_is_about_works_and_contenders_that_there_are() -> None:
    """A goal with a name that nobody has would never be measured."""
    for goal in GOALS:
        assert works.work(goal.work).name == goal.work
        assert contenders.contender(goal.subject).is_ours
        assert not goal.against or contenders.contender(goal.against).label


def test_a_ratio_below_the_limit_reaches_a_goal(results: Results) -> None:
    """The limit itself does, too."""
    results.figures[_ELEMENT]["yr-released"] = [9.0]
    results.figures[_ELEMENT]["noop"] = [6.0]

    found = _of(_ELEMENT, "noop", judged(results))

    assert found.measured == pytest.approx(1.5)
    assert found.is_reached


def test_a_ratio_above_the_limit_does_not(results: Results) -> None:
    """What was measured is told."""
    results.figures[_ELEMENT]["yr-released"] = [9.1]
    results.figures[_ELEMENT]["noop"] = [6.0]

    assert not _of(_ELEMENT, "noop", judged(results)).is_reached


def test_a_goal_without_a_figure_says_why(results: Results) -> None:
    """It counts as not reached."""
    results.figures[_ELEMENT]["yr-released"] = [9.0]
    results.reasons[_ELEMENT]["noop"] = "it burnt"

    found = _of(_ELEMENT, "noop", judged(results))

    assert (found.measured, found.is_reached) == (None, False)
    assert found.why_not == "noop: it burnt"


def test_a_goal_against_nobody_has_a_limit_of_its_own(results: Results) -> None:
    """Milliseconds, where the work is timed."""
    work = "2 GiB put, longest stall of another thread"
    results.figures[work]["yr-released"] = [40.0, 60.0, 44.0]

    found = _of(work, "", judged(results))

    assert (found.measured, found.is_reached) == (44.0, True)


@pytest.mark.parametrize(
    ("limit", "words"), [(1.0, "not slower"), (0.2, "5 x faster"), (1.5, "at most 1.5 x its time")]
)
def test_a_limit_is_told_as_a_person_would(limit: float, words: str) -> None:
    """A share of the other's time is so many times faster."""
    assert Goal(_ELEMENT, "yr-released", limit, "noop").text == words


def _of(work: str, against: str, found: list[Judged]) -> Judged:
    return next(one for one in found if (one.goal.work, one.goal.against) == (work, against))
