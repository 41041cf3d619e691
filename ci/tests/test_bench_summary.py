"""Medians, spreads and ratios of `nox -s bench`."""

from __future__ import annotations

import math

import pytest
from bench.summary import ratio, shown, summary


def test_the_median_and_the_middle_half_are_given() -> None:
    """A single slow turn moves neither."""
    found = summary([1.0, 2.0, 3.0, 4.0, 1000.0])

    assert (found.median, found.low, found.high, found.best) == (3.0, 2.0, 4.0, 1.0)
    assert found.spread == pytest.approx(2 / 3)


def test_one_turn_has_no_spread() -> None:
    """It is its own median."""
    found = summary([7.0])

    assert (found.median, found.spread, found.turns) == (7.0, 0.0, 1)


def test_nothing_cannot_be_summed_up() -> None:
    """Who has no figure has a reason instead."""
    with pytest.raises(ValueError, match="nothing to sum up"):
        summary([])


def test_a_ratio_is_of_medians() -> None:
    """Of an even number of turns the median is in the middle of two."""
    assert ratio(summary([2.0, 4.0]), summary([6.0])) == pytest.approx(0.5)
    assert math.isinf(ratio(summary([2.0]), summary([0.0])))


@pytest.mark.parametrize(
    ("value", "words"), [(0.066, "0.07"), (12.34, "12.3"), (123.4, "123"), (3417.2, "3,417")]
)
def test_figures_are_written_with_three_digits(value: float, words: str) -> None:
    """No more of them mean anything on a machine whose speed varies."""
    assert shown(value) == words
