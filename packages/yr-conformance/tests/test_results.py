"""Each clause gets one of six states, the same in the table and in every file of the report."""

from __future__ import annotations

import pytest
from conftest import Suite

from yr_conformance.report.reading import read
from yr_conformance.report.verdict import Verdict, verdict_of
from yr_conformance.results import Results, cause_of
from yr_conformance.states import State

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


def test_a_report_of_a_run(suite: Suite) -> None:
    """`--report DIR` leaves the files of a report, whose states are those of the run."""
    suite.target(deviations=DEVIATION.format(until="2999-01-01"))
    suite.write(FIVE)

    result = suite.run("-n", "1", "--report", "reports/here")

    result.stdout.fnmatch_lines(["report: */reports/here/report.html"])
    (run,) = read(suite.pytester.path / "reports" / "here")
    assert run.exit_status == pytest.ExitCode.TESTS_FAILED
    assert run.clause_set.endswith("+changes")
    failed, deviating = run.proofs["EX-ONE-02"], run.proofs["EX-TWO-02"]
    assert (failed.clause.sentence, failed.clause.source) == ("It does not hold.", "here")
    assert [one.test for one in failed.outcomes] == ["test_suite.py::test_fails"]
    assert failed.seconds > 0
    assert deviating.known == "deviates until 2999-01-01; its release notes"
    junit = (suite.pytester.path / "reports" / "here" / "junit.xml").read_text(encoding="utf-8")
    assert 'tests="5" failures="1" errors="0" skipped="3"' in junit


def test_a_run_that_cannot_begin_leaves_a_report(suite: Suite) -> None:
    """Where not even the tests can be read there is a report, which says so."""
    suite.write("import no_such_module")

    suite.run("--report", "broken")

    (run,) = read(suite.pytester.path / "broken")
    assert run.proofs == {}
    assert verdict_of([run]) is Verdict.FAILED
    page = (suite.pytester.path / "broken" / "report.html").read_text(encoding="utf-8")
    assert "nothing was run (status 2)" in page


def test_junit_of_pytest_names_the_clauses(suite: Suite) -> None:
    """In the JUnit file of pytest itself each test has its clause as a property."""
    suite.write(FIVE)

    suite.run("--junitxml", "junit.xml", "-k", "passes")

    text = (suite.pytester.path / "junit.xml").read_text(encoding="utf-8")
    assert '<property name="clause" value="EX-ONE-01"' in text


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("E   AssertionError: assert 1 == 2\nE    +  where 1", "AssertionError: assert 1 == 2"),
        ("E     File x.pyx, line 1\nE   a.DiedError(B): gone\nE   C: d", "a.DiedError(B): gone"),
        ("E   left behind: port 7", "left behind: port 7"),
        ("no moon tonight", "no moon tonight"),
        ("", ""),
    ],
)
def test_a_failure_has_one_line(text: str, cause: str) -> None:
    """Of what pytest prints the line that names the error is taken, else the first."""
    assert cause_of(text) == cause


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
