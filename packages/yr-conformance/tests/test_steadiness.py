"""Runs again and again: what is counted, and what is said in the end."""

from __future__ import annotations

import sys

from conftest import Suite

from yr_conformance.steadiness import repeat

EVERY_SECOND_TIME = """
COUNTER = os.path.join(os.path.dirname(__file__), "counter")

@clause("EX-ONE-01", MUST, source="here")
def test_one():
    "It fails in every second run."
    with open(COUNTER, "a+") as file:
        file.write("x")
    assert os.path.getsize(COUNTER) % 2, "an even run"

@clause("EX-ONE-02", MUST, source="here")
def test_two():
    "It always passes."
"""
LEAVES_A_PROCESS = """
@pytest.fixture(scope="session", autouse=True)
def stray(process_mark):
    "A process that nobody ends."
    yield
    global LEFT
    LEFT = subprocess.Popen(["sleep", "600"])

@clause("EX-ONE-01", MUST, source="here")
def test_one():
    "It passes."
"""


def command(suite: Suite) -> list[str]:
    """Run a suite as `yr-conformance run` would; the report is added by who repeats it."""
    options = suite.command()
    place = options.index("--report")
    del options[place : place + 2]
    return [sys.executable, "-m", "pytest", str(suite.pytester.path), *options]


def test_passes_and_failures_are_counted(suite: Suite) -> None:
    """Each clause has its numbers, and the first error of one that failed is shown."""
    suite.write(EVERY_SECOND_TIME)

    tallies = repeat(command(suite), 4)

    assert tallies.failed
    assert list(tallies.table())[2:] == [
        "| EX-ONE-01 | 2 | 2 | AssertionError: an even run |",
        "1 clauses passed in all of 4 runs, 1 did not",
    ]


def test_a_run_that_leaves_something_behind_is_counted(suite: Suite) -> None:
    """What no clause is to blame for is a failure all the same."""
    suite.write(LEAVES_A_PROCESS)

    tallies = repeat(command(suite), 1)

    assert tallies.failed


def test_all_runs_passed(suite: Suite) -> None:
    """Without a failure the table is empty."""
    suite.write(EVERY_SECOND_TIME.replace("% 2", "> 0"))

    tallies = repeat(command(suite), 2)

    assert not tallies.failed
    assert list(tallies.table())[2:] == ["2 clauses passed in all of 2 runs, 0 did not"]
