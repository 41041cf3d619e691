"""Clauses are well declared, or the run is refused."""

from __future__ import annotations

import pytest
from conftest import Suite

from yr_conformance.clauses import MUST, ClauseError, clause

GOOD = """
@clause("EX-ONE-01", MUST, source="here")
def test_one():
    "One thing holds."
"""


@pytest.mark.parametrize("clause_id", ["", "EX", "EX-1", "ex-one-01", "EX-ONE-001", "EX-ONE-01x"])
def test_an_id_has_a_form(clause_id: str) -> None:
    """An id is a chapter, topics and two digits."""
    with pytest.raises(ClauseError, match="is no clause id such as"):
        clause(clause_id, MUST, source="here")(_documented)


def test_a_clause_needs_a_sentence() -> None:
    """A test function without a docstring cannot prove a clause."""

    def test() -> None:
        pass

    with pytest.raises(ClauseError, match="EX-ONE-01: a clause needs a source and a docstring"):
        clause("EX-ONE-01", MUST, source="here")(test)


def test_a_clause_needs_a_source() -> None:
    """A clause says where it is known from."""
    with pytest.raises(ClauseError, match="EX-ONE-01: a clause needs a source and a docstring"):
        clause("EX-ONE-01", MUST, source="")(_documented)


def test_two_functions_cannot_share_an_id(suite: Suite) -> None:
    """The run is refused when two functions claim one id, and both are named."""
    suite.write(GOOD + GOOD.replace("test_one", "test_two"))

    result = suite.run()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*EX-ONE-01 is claimed by *test_one and by *test_two*"])


def test_parameters_share_an_id(suite: Suite) -> None:
    """All parameters of one function prove the same clause, which counts once."""
    suite.write("@pytest.mark.parametrize('value', [1, 2])" + GOOD.replace("one()", "one(value)"))

    suite.run().assert_outcomes(passed=2)

    assert list(suite.report["clauses"]) == ["EX-ONE-01"]


def test_every_test_proves_a_clause(suite: Suite) -> None:
    """The run is refused when a test proves no clause."""
    suite.write("def test_of_nothing(): pass")

    result = suite.run()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*test_of_nothing proves no clause"])


def _documented() -> None:
    """Something holds."""
