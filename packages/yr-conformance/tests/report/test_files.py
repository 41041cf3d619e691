"""The files of a report agree with each other and survive whatever a run printed."""

from __future__ import annotations

import importlib.util
import json
import pathlib
from xml.etree import ElementTree

import example_runs
import pytest
from example_runs import proof, run

from yr_conformance.report import folder, reading
from yr_conformance.report.badge import badge
from yr_conformance.report.errors import ReportError
from yr_conformance.report.junit import junit
from yr_conformance.report.summary import summary
from yr_conformance.report.verdict import Verdict, sentence_of, verdict_of
from yr_conformance.states import State


def test_a_folder_is_read_back_as_it_was_written(tmp_path: pathlib.Path) -> None:
    """What is read from a report's folder is the run that it was made of."""
    written = example_runs.all_states()

    first = folder.write([written], tmp_path / "report")

    assert first.name == "report.html"
    assert sorted(path.name for path in first.parent.iterdir()) == [
        *("badge.json", "junit.xml", "report.html", "report.json", "summary.md")
    ]
    assert reading.read(tmp_path / "report") == (written,)


def test_several_runs_are_one_report(tmp_path: pathlib.Path) -> None:
    """A folder of several runs gives them all back, in their order."""
    runs = [example_runs.all_states(), run(proof("EX-ONE-01"), target="other")]
    folder.write(runs, tmp_path)

    assert reading.read_all([tmp_path, tmp_path]) == (*runs, *runs)


def test_a_json_file_needs_nothing_else(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that ends in .json gets the JSON alone, also without jinja2."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    folder.write([example_runs.all_states()], tmp_path / "room" / "one.json")

    assert [path.name for path in (tmp_path / "room").iterdir()] == ["one.json"]


def test_a_missing_jinja2_is_told_before_the_run(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without jinja2 a folder is refused, with the extra that brings it."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    with pytest.raises(ReportError, match=r"needs jinja2: pip install 'yr-conformance\[report\]'"):
        folder.check_writable(tmp_path / "report")


def test_a_file_is_no_folder(tmp_path: pathlib.Path) -> None:
    """A file that is there is not written over by a folder."""
    (tmp_path / "report").write_text("mine", encoding="utf-8")

    with pytest.raises(ReportError, match="is a file; name a folder"):
        folder.check_writable(tmp_path / "report")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "no report of this suite: Expecting"),
        ("[]", "no report of this suite"),
        ('{"clauses": {}}', "'format' is missing"),
        ('{"format": 1}', "format 1, and this version reads 2"),
        ('{"runs": [{"format": 2}]}', "'clauses' is missing"),
    ],
)
def test_what_is_no_report_is_refused(tmp_path: pathlib.Path, text: str, says: str) -> None:
    """A file that is no report is named, with what is wrong with it."""
    (tmp_path / "report.json").write_text(text, encoding="utf-8")

    with pytest.raises(ReportError, match=r"report\.json is no report") as raised:
        reading.read(tmp_path)

    assert says in str(raised.value)


def test_a_report_that_is_not_there_is_told(tmp_path: pathlib.Path) -> None:
    """A folder without a report is named, and what a report is."""
    with pytest.raises(ReportError, match=r"report\.json: No such file .* `--report DIR`"):
        reading.read(tmp_path)


def test_junit_counts_what_the_report_counts() -> None:
    """In JUnit failed tests are failures, what is neither failed nor passed is skipped."""
    (suite,) = ElementTree.fromstring(junit([example_runs.all_states()]))  # noqa: S314 - our own

    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("6", "1", "4")
    states = {case.find("properties/property[@name='clause']"): case for case in suite}
    assert len(states) == 7
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == "<script>alert(1)</script> | red ?"


def test_a_run_that_fails_without_a_clause_fails_everywhere() -> None:
    """A run whose end failed is no success in any file."""
    broken = run(proof("EX-ONE-01"), exit_status=3)

    assert verdict_of([broken]) is Verdict.FAILED
    assert sentence_of(broken).startswith("ended with status 3 though no clause failed")
    assert 'failures="1"' in junit([broken])
    assert json.loads(badge([broken]))["message"] == "1 passed, run failed"
    assert "## Conformance: failed" in summary([broken])


@pytest.mark.parametrize(
    ("state", "colour"),
    [
        (State.PASSED, "brightgreen"),
        (State.DEVIATES, "yellow"),
        (State.UNSTEADY, "yellow"),
        (State.FAILED, "red"),
        (State.NOT_RUN, "brightgreen"),
    ],
)
def test_the_badge_has_the_colour_of_the_verdict(state: State, colour: str) -> None:
    """The badge is what shields.io takes, and its colour is the verdict's."""
    found = json.loads(badge([run(proof("EX-ONE-01", state))]))

    assert found["schemaVersion"] == 1
    assert found["color"] == colour
    assert found["label"] == "conformance example"


def test_the_sentence_tells_the_worst_first() -> None:
    """What failed comes before what passed, and what was not tried does not count as tried."""
    said = sentence_of(example_runs.all_states())

    assert said == "1 failed, 1 unsteady, 1 deviates, 1 not run, 1 unsupported, 1 of 4 passed"


def test_the_summary_is_a_table_whatever_an_error_says() -> None:
    """An error cannot break the table of Markdown, nor bring tags of its own."""
    (line,) = [
        line for line in summary([example_runs.all_states()]).splitlines() if "EX-ONE-02" in line
    ]

    assert line.endswith(r"| &lt;script>alert(1)&lt;/script> \| red ? |")
