"""Each clause gets one of five states, in the table, in the JSON and in the JUnit file."""

from __future__ import annotations

import pytest
from conftest import Suite

from yr_conformance.results import Results, State

FIVE = """
@clause("EX-ONE-01", MUST, source="here")
def test_passes():
    "It holds."

@clause("EX-ONE-02", MUST, source="here")
def test_fails():
    "It does not hold."
    assert 1 == 2, "the values"

@clause("EX-ONE-03", MUST, source="here", needs=["levitation"])
def test_needs():
    "It needs more."

@clause("EX-TWO-01", MUST, source="here")
def test_is_skipped():
    "It cannot be run here."
    pytest.skip("no moon tonight")

@clause("EX-TWO-02", MUST, source="here")
def test_deviates():
    "It is known not to hold."
    assert False
"""
DEVIATION = """
[[deviation]]
clause = "EX-TWO-02"
reason = "the system counts from one"
source = "its release notes"
until = {until}
"""


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["one process", "two processes"])
def test_five_states(suite: Suite, options: tuple[str, ...]) -> None:
    """Passed, failed, unsupported, not run and deviating clauses are told apart."""
    suite.target(deviations=DEVIATION.format(until="2999-01-01"))
    suite.write(FIVE)

    suite.run(*options)

    clauses = suite.report["clauses"]
    assert {name: clause["state"] for name, clause in clauses.items()} == {
        "EX-ONE-01": "passed",
        "EX-ONE-02": "failed",
        "EX-ONE-03": "unsupported",
        "EX-TWO-01": "not run",
        "EX-TWO-02": "deviates",
    }
    assert "the values" in clauses["EX-ONE-02"]["reason"]
    assert clauses["EX-ONE-03"]["reason"] == "unsupported: example lacks levitation"
    assert clauses["EX-TWO-01"]["reason"] == "no moon tonight"
    assert clauses["EX-TWO-02"]["reason"] == "the system counts from one"


def test_a_capability_makes_a_clause_run(suite: Suite) -> None:
    """A clause that needs something is run where the target declares it."""
    suite.target("levitation")
    suite.write(FIVE)

    suite.run("-k", "needs").assert_outcomes(passed=1)


def test_a_deviation_that_passes_fails(suite: Suite) -> None:
    """A listed clause that holds after all fails the run."""
    suite.target(deviations=DEVIATION.format(until="2999-01-01").replace("TWO-02", "ONE-01"))
    suite.write(FIVE)

    result = suite.run("-k", "passes")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert suite.report["clauses"]["EX-ONE-01"]["state"] == "failed"


@pytest.mark.parametrize("until", ["2001-01-01", '"1.5"'], ids=["day", "release"])
def test_an_expired_deviation_fails(suite: Suite, until: str) -> None:
    """After its day, or from its release on, a listed clause must hold."""
    suite.target(deviations=DEVIATION.format(until=until))
    suite.write(FIVE)

    result = suite.run("-k", "deviates")

    result.assert_outcomes(failed=1)
    assert suite.report["clauses"]["EX-TWO-02"]["state"] == "failed"


def test_the_table_counts_by_chapter(suite: Suite) -> None:
    """The run ends with one line for each chapter and the totals."""
    suite.write(FIVE.replace("EX-TWO", "OTHER-TWO"))

    result = suite.run()

    result.stdout.fnmatch_lines(
        ["EX  *1*1*0*0*1", "OTHER  *0*0*1*0*1", "all  *1*1*1*0*2"], consecutive=True
    )


def test_junit_names_the_clauses(suite: Suite) -> None:
    """In a JUnit file each test has its clause as a property."""
    suite.write(FIVE)

    suite.run("--junitxml", "junit.xml", "-k", "passes")

    text = (suite.pytester.path / "junit.xml").read_text(encoding="utf-8")
    assert '<property name="clause" value="EX-ONE-01"' in text


def test_the_worst_outcome_stays() -> None:
    """A clause with several tests has the worst of their states."""
    results = Results("example", {})

    for state in (State.PASSED, State.FAILED, State.PASSED, State.NOT_RUN):
        results.add("EX-ONE-01", state)

    assert results.states == {"EX-ONE-01": State.FAILED}


def test_the_machine_is_described_for_each_chapter(suite: Suite) -> None:
    """The run ends with what each chapter took of time and machine; so does the JSON report."""
    suite.write(FIVE.replace("EX-TWO", "OTHER-TWO"))

    result = suite.run("-n", "2")

    result.stdout.re_match_lines([r"\| EX \| 2 \| \d+ \| [\d.]+ \| \d+ \| \d+ \|"])
    machine = suite.report["machine"]
    assert list(machine) == ["EX", "OTHER"]
    assert machine["EX"]["threads"] >= machine["EX"]["processes"] > 0
