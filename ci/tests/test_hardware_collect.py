"""What a reader of the run's page is told, whatever became of the job."""

from __future__ import annotations

import json
import os
import pathlib
import time

from conftest import Script

JUNIT = """<testsuites><testsuite>
<testcase classname="xfer" name="test_good"/>
<testcase classname="xfer" name="test_bad">
<failure message="AssertionError: 1 != 2&#10;more"/></testcase>
<testcase classname="dev" name="test_left_out"><skipped message="needs npu"/></testcase>
</testsuite></testsuites>"""


def _reports(directory: pathlib.Path) -> pathlib.Path:
    reports = directory / "reports"
    reports.mkdir()
    (reports / "conformance-fake.xml").write_text(JUNIT, encoding="utf-8")
    run: dict[str, object] = {
        "verdict": "failed (1)",
        "arguments": "-s conformance",
        "seconds": 12.5,
        "npus": "0,1",
    }
    run["began"] = time.time() - 60
    (reports / "run-job.json").write_text(json.dumps(run), encoding="utf-8")
    chip = {"number": 2, "name": "910B3", "used_mb": 9, "total_mb": 10, "reason": "busy: process 7"}
    seen = {"driver": "25.2.0", "npu_smi": "25.2.0", "chips": [chip], "problems": ["no topology"]}
    (reports / "probe.json").write_text(json.dumps(seen), encoding="utf-8")
    return reports


def test_the_page_of_a_run_tells_all(tmp_path: pathlib.Path, script: Script) -> None:
    """Verdict, machine, counts, and each failed test with its first line."""
    reports, page = _reports(tmp_path), tmp_path / "page.md"

    done = script("collect", "--name", "job", "--logs", env={"GITHUB_STEP_SUMMARY": str(page)})

    assert done.returncode == 0, done.stderr
    said = page.read_text(encoding="utf-8")
    assert said == (reports / "summary.md").read_text(encoding="utf-8")
    for line in (
        "## job: failed (1)",
        "`nox -s conformance`: 12.5 s, NPUs: 0,1",
        "| 2 | 910B3 | 9 of 10 | busy: process 7 |",
        "- no topology",
        "| conformance-fake | 1 | 1 | 1 |",
        "- **xfer::test_bad**: AssertionError: 1 != 2",
    ):
        assert line in said.splitlines()


def test_the_summary_of_a_report_is_part_of_the_page(
    tmp_path: pathlib.Path, script: Script
) -> None:
    """A folder that the clauses left is told by its own summary, an older one is not."""
    reports = _reports(tmp_path)
    for name in ("conformance-fake", "older"):
        (reports / name).mkdir()
        (reports / name / "summary.md").write_text(f"## Conformance: {name}\n", encoding="utf-8")
    os.utime(reports / "older" / "summary.md", (0, 0))

    done = script("collect", "--name", "job", "--logs")

    assert "## Conformance: conformance-fake\n\nIn the artefact: conformance-fake/" in done.stdout
    assert "older" not in done.stdout


def test_a_job_that_was_killed_has_a_page_too(tmp_path: pathlib.Path, script: Script) -> None:
    """With the record of its start, and a file that is cut off in the middle."""
    reports = _reports(tmp_path)
    run = {"verdict": "did not run to its end", "arguments": "-s x", "seconds": 0, "npus": ""}
    (reports / "run-job.json").write_text(json.dumps({**run, "began": 0}), encoding="utf-8")
    (reports / "conformance-fake.xml").write_text(JUNIT[:80], encoding="utf-8")

    done = script("collect", "--name", "job", "--logs")

    assert done.returncode == 0, done.stderr
    assert "## job: did not run to its end" in done.stdout
    assert "| conformance-fake.xml | cut off | | |" in done.stdout


def test_a_job_that_did_not_begin_has_no_tests(tmp_path: pathlib.Path, script: Script) -> None:
    """What another job left in the directory is not taken for its own."""
    reports = _reports(tmp_path)
    (reports / "run-job.json").unlink()

    done = script("collect", "--name", "job", "--logs")

    assert "## job: did not run to its end" in done.stdout
    assert "busy: process 7" in done.stdout
    assert "conformance-fake" not in done.stdout


def test_logs_are_copied_newest_first_as_long_as_they_fit(
    tmp_path: pathlib.Path, script: Script
) -> None:
    """What does not fit any more is left out, and what was there before the job."""
    _reports(tmp_path)
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "before.log").touch()
    os.utime(logs / "before.log", (0, 0))
    (logs / "big.log").write_bytes(b"x" * (2**20 + 1))
    (logs / "small.log").write_text("why", encoding="utf-8")

    done = script("collect", "--name", "job", "--megabytes", "1", "--logs", str(logs / "*.log"))

    (copied,) = (tmp_path / "reports/logs").iterdir()
    assert copied.name.endswith("small.log")
    assert "1 logs copied" in done.stdout
