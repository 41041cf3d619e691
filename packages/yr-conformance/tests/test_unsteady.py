"""Unsteady clauses: what is read, when a failure is explained, and what a run says of them."""

from __future__ import annotations

import pytest
from conftest import Suite

from yr_conformance.deviations import DeviationError, shipped
from yr_conformance.unsteady import at_least, parse

ROW = """
[[unsteady]]
clause = "EX-ONE-01"
failed = {failed}
of = {of}
measured = 2026-11-28
reason = "two threads of the system race"
source = "the core of a crash"
until = "9.9"
"""
FAILS = """
@pytest.mark.parametrize("number", range({tests}))
@clause("EX-ONE-01", MUST, source="here")
def test_one(number):
    "It fails."
    assert number < {passes}, "lost the race"
"""


@pytest.mark.parametrize(
    ("failed", "of", "explained"),
    [(1, 1, True), (1, 20, True), (3, 20, True), (9, 20, False), (2, 2, True), (4, 4, False)],
)
def test_what_a_rate_explains(failed: int, of: int, explained: bool) -> None:
    """A rate of 7 in 100, which may be 15, gives so many failures now and then, or hardly ever."""
    known = parse(ROW.format(failed=7, of=100))["EX-ONE-01"]

    assert known.explains(failed, of) is explained


def test_the_probability_of_so_many_failures() -> None:
    """It is that of the binomial distribution."""
    assert at_least(0, 10, 0.3) == 1.0
    assert at_least(1, 2, 0.5) == pytest.approx(0.75)
    assert at_least(2, 3, 0.5) == pytest.approx(0.5)


@pytest.mark.parametrize(("failed", "of"), [(0, 100), (100, 100), ('"some"', 100)])
def test_what_is_not_unsteady_is_refused(failed: object, of: int) -> None:
    """A clause that never failed holds, and one that always did deviates."""
    with pytest.raises(DeviationError, match="EX-ONE-01"):
        parse(ROW.format(failed=failed, of=of))


def test_nothing_on_the_fake_is_unsteady() -> None:
    """What happens on the fake is this project's own doing."""
    assert not parse(shipped("fake"))


def test_what_is_rays_is_known_on_every_target(suite: Suite) -> None:
    """A clause that Ray itself fulfils only most of the time need not be listed for each target."""
    ours = parse(shipped("ray"))
    suite.write(FAILS.replace("EX-ONE-01", next(iter(ours))).format(tests=2, passes=1))

    result = suite.run()

    result.assert_outcomes(passed=1, xfailed=1)
    assert result.ret == pytest.ExitCode.OK


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["one process", "two processes"])
def test_a_failure_that_is_explained(suite: Suite, options: tuple[str, ...]) -> None:
    """It has its own state, is shown with its rate, and does not fail the run."""
    suite.target(deviations=ROW.format(failed=7, of=100))
    suite.write(FAILS.format(tests=2, passes=1))

    result = suite.run(*options)

    result.assert_outcomes(passed=1, xfailed=1)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["| EX-ONE-01 | 1 of 2 | failed in 7 of 100 runs, 2026-11 | two*"])
    row = suite.report["clauses"]["EX-ONE-01"]
    assert row["state"] == "unsteady"
    assert "lost the race" in row["reason"]


def test_more_failures_than_explained(suite: Suite) -> None:
    """They fail the run, however each of them may be accounted for."""
    suite.target(deviations=ROW.format(failed=7, of=100))
    suite.write(FAILS.format(tests=4, passes=0))

    result = suite.run()

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    row = suite.report["clauses"]["EX-ONE-01"]
    assert row["state"] == "failed"
    assert row["reason"].startswith("4 of 4, which `failed in 7 of 100 runs")


def test_a_clause_that_happens_to_pass(suite: Suite) -> None:
    """An unsteady clause whose tests pass has passed."""
    suite.target(deviations=ROW.format(failed=7, of=100))
    suite.write(FAILS.format(tests=2, passes=2))

    suite.run().assert_outcomes(passed=2)

    assert suite.report["clauses"]["EX-ONE-01"]["state"] == "passed"
    assert suite.report["unsteady"] == {"EX-ONE-01": {"runs": 2, "failed": 0}}
