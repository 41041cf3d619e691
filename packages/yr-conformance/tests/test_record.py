"""Records of experiments: a step that fails concerns whoever looks at it."""

from __future__ import annotations

import pytest

from yr_conformance.nodes.record import Record


def fail() -> None:
    """Find something wrong."""
    raise AssertionError("wrong")


def test_a_failed_step_fails_who_looks_at_it() -> None:
    """The other steps are there; the failed one raises what went wrong, with its name."""
    record = Record()

    record.step("bad", fail)
    record.step("good", abs, -1)

    assert record["good"] == 1
    with pytest.raises(AssertionError, match="bad: wrong"):
        record["bad"]


def test_a_defect_of_an_experiment_is_not_recorded() -> None:
    """What is neither an assertion nor an error of the system ends the experiment."""
    with pytest.raises(TypeError):
        Record().step("defect", abs, "text")
