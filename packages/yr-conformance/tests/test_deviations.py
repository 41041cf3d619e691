"""Known deviations are read strictly."""

from __future__ import annotations

import datetime

import pytest

from yr_conformance.deviations import DeviationError, parse, shipped

ROW = """
[[deviation]]
clause = "EX-ONE-01"
reason = "why"
source = "where"
until = {until}
"""
TODAY = datetime.date(2026, 1, 15)


@pytest.mark.parametrize(
    ("until", "holds"),
    [
        ("2026-01-15", True),
        ("2026-01-14", False),
        ('"0.9.0"', True),
        ('"0.8.1"', False),
        ('"0.10"', True),
    ],
)
def test_a_deviation_ends(until: str, holds: bool) -> None:
    """It holds up to and including its day, or before its release."""
    (deviation,) = parse(ROW.format(until=until)).values()

    assert deviation.holds(TODAY, "0.8.1") is holds


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (ROW.replace("reason", "excuse").format(until="2026-01-15"), "excuse"),
        (ROW.format(until='"soon"'), "'soon' is no release number"),
        (ROW.format(until='"1.0"') * 2, "EX-ONE-01: listed twice"),
        (ROW.replace('"why"', '""').format(until='"1.0"'), "must not be empty"),
    ],
    ids=["field", "release", "twice", "reason"],
)
def test_wrong_rows_are_refused(text: str, complaint: str) -> None:
    """A wrong row is an error that names the clause."""
    with pytest.raises(DeviationError, match=complaint):
        parse(text)


def test_a_target_without_a_file_has_none() -> None:
    """No file means no deviations."""
    assert parse(shipped("no-such-target")) == {}
