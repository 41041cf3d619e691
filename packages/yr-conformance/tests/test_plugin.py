"""The options of a run: targets, modes, chapters, the seed."""

from __future__ import annotations

import pytest
from conftest import Suite

SUITE = """
@clause("EX-ONE-01", MUST, source="here")
def test_one(rng):
    "It draws a number."
    with open(os.environ["DRAWN"], "a") as drawn:
        drawn.write(f"{rng.random()} ")

@clause("OTHER-ONE-01", MUST, source="here")
def test_other():
    "It belongs to another chapter."
"""


def test_the_header_names_what_is_tested(suite: Suite) -> None:
    """The header has the target, its versions, ours, Python's and the seed."""
    suite.write(SUITE)

    result = suite.run("-k", "other", "--seed", "77")

    result.stdout.fnmatch_lines(
        ["target: example", "example-system: 1.5", "ray: *", "torch: *", "python: *", "seed: 77"]
    )
    assert suite.report["header"]["seed"] == "77"


def test_an_unknown_target_is_refused(suite: Suite) -> None:
    """An unknown target is refused, and the known ones are listed."""
    result = suite.pytester.runpytest_subprocess("-p", "yr_conformance.plugin", "--target", "moon")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*unknown target 'moon'; installed: *example*"])


def test_an_inactive_target_is_refused(suite: Suite) -> None:
    """The run is refused, with the reason, when the process is not set up for the target."""
    path = suite.pytester.path / "installed" / "example_target.py"
    refusal = "from yr_conformance.targets import TargetError; raise TargetError('not plugged in')"
    path.write_text(path.read_text(encoding="utf-8").replace("pass", refusal), encoding="utf-8")

    result = suite.run()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*not plugged in"])


def test_wrong_deviations_are_refused(suite: Suite) -> None:
    """The run is refused when the target's known deviations cannot be read."""
    suite.target(deviations='[[deviation]]\nclause = "EX-ONE-01"')

    result = suite.run()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*EX-ONE-01: *missing*reason*"])


def test_a_mode_that_does_not_exist_is_refused(suite: Suite) -> None:
    """A mode that the datasystem does not have is refused by name."""
    result = suite.run("--mode", "gossip")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--mode gossip is no mode; known: metastore, etcd"])


def test_a_chapter_can_be_chosen(suite: Suite) -> None:
    """With `--chapter` only that chapter, part or clause is run; an unknown one is refused."""
    suite.write(SUITE)

    suite.run("--chapter", "OTHER").assert_outcomes(passed=1, deselected=1)
    suite.run("--chapter", "OTHER-ONE").assert_outcomes(passed=1, deselected=1)
    suite.run("--chapter", "OTHER-ONE-01").assert_outcomes(passed=1, deselected=1)

    assert suite.run("--chapter", "NONE").ret == pytest.ExitCode.USAGE_ERROR


def test_the_seed_decides(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same seed gives a test the same values, another seed others, in any process."""
    monkeypatch.setenv("DRAWN", str(suite.pytester.path / "drawn"))
    suite.write(SUITE)

    for options in (["--seed", "1"], ["--seed", "1", "-n", "1"], ["--seed", "2"]):
        suite.run("-k", "one", *options).assert_outcomes(passed=1)

    first, again, other = (suite.pytester.path / "drawn").read_text(encoding="utf-8").split()
    assert first == again != other


def test_warnings_are_errors(suite: Suite) -> None:
    """A warning fails the test that caused it."""
    suite.write(SUITE + '    import warnings; warnings.warn("beware")')

    suite.run("-k", "other").assert_outcomes(failed=1)


NEEDS_ETCD = """
@clause("EX-ETCD-01", MUST, source="here")
def test_it(etcd):
    "It has an etcd."
"""


@pytest.mark.parametrize(("option", "state"), [("no", "not run"), ("any", "failed")])
def test_a_missing_etcd_is_told(
    suite: Suite, monkeypatch: pytest.MonkeyPatch, option: str, state: str
) -> None:
    """Clauses that need etcd where there is none are not run, or fail if it is required."""
    monkeypatch.setenv("PATH", str(suite.pytester.path))
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    suite.write(NEEDS_ETCD)

    suite.run(f"--require-etcd={option}")

    assert suite.report["clauses"]["EX-ETCD-01"]["state"] == state
    assert "binary: no program `etcd`" in suite.report["clauses"]["EX-ETCD-01"]["reason"]
