"""The profile of `nox -s bench -- --profile`: its tables and what its pictures show."""

from __future__ import annotations

import pytest
from bench import phases, profiling

_WORK = "1 element, actor to actor"
_PROFILES: profiling.Profile = {
    "yr-fake": {
        "phases": {
            phases.WHOLE: 10.0,
            "Ray: call to method": 1.0,
            "method": 0.5,
            "validate": 0.2,
            "trace id": 0.3,
            "copy out": 3.0,
            "copy out: page faults": 5.0,
            f"{phases.LATER}SDK: delete": 7.0,
        },
        "counts": {"source: calls, SDK: create": 1.0, "source: calls, validate": 1.0},
        "missing": ["ray_ascend.gone:function"],
    },
    "noop": {"reason": "it burnt"},
}


def test_a_picture_shows_groups_that_add_up_to_the_whole() -> None:
    """What happens later is not part of it."""
    times = profiling.times(_PROFILES)

    assert list(times) == ["yr-fake"]
    assert sum(times["yr-fake"].values()) == pytest.approx(10)
    assert times["yr-fake"]["Ray"] == pytest.approx(1.5)
    assert times["yr-fake"]["the transport's Python"] == pytest.approx(0.5)
    assert times["yr-fake"][phases.FAULTS] == pytest.approx(5)


def test_what_could_not_be_profiled_says_why_and_what_was_not_found() -> None:
    """A function that has moved is in the rest of its block, and named."""
    table = profiling.tables({_WORK: _PROFILES})[0]

    assert table.notes[0] == "noop: it burnt"
    assert "ray_ascend.gone:function" in table.notes[1]
    assert table.head == ["", "yr-fake", "noop"]


def test_calls_of_the_sdk_are_counted_and_our_own_are_not_told() -> None:
    """There is one of each of them, by design."""
    table = profiling.tables({_WORK: _PROFILES})[1]

    assert [row[0] for row in table.rows] == ["source: calls, SDK: create"]
