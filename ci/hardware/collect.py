#!/usr/bin/env python3
"""Gather what a job leaves to read: a summary, and logs that lie outside of reports/.

Reads what probe.py, run.py and pytest wrote to reports/, writes reports/summary.md, and appends
it to the page of the run where the service has one (GITHUB_STEP_SUMMARY). A report of the clauses
is a folder there, whose own summary.md becomes part of it. Logs of Ascend and of
directories that a killed job left are copied to reports/logs, if they are younger than the job:
the newest first, and so many MB at most. The status is 0 even if there is nothing: this runs after
failures of all kinds.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

REPORTS = pathlib.Path("reports")
_LOGS = ("/tmp/yrc-*/ray/session_*/logs/*", "/tmp/yr-????????/log*/*", "~/ascend/log/*/*/*")  # noqa: S108 - where our programs and Ascend's write
_MOST_FAILURES = 50


@dataclass(frozen=True)
class Tests:
    """The counts of one JUnit file, and which tests failed, with the first line that says why."""

    name: str
    total: int
    skipped: int
    failures: tuple[tuple[str, str], ...]


def main(arguments: Sequence[str]) -> int:
    """Gather, and say what was found."""
    options = _options(arguments)
    options.reports.mkdir(exist_ok=True)
    run = _read(options.reports / f"run-{options.name}.json")
    # Without a record nothing was run, and whatever is there is of another job.
    since = run.get("began", time.time())
    text = "\n".join(_summary(options.reports, options.name, run, since)) + "\n"
    path = options.reports / "summary.md"
    path.write_text(text, encoding="utf-8")
    print(text)
    if page := os.environ.get("GITHUB_STEP_SUMMARY"):
        with pathlib.Path(page).open("a", encoding="utf-8") as file:
            file.write(text)
    logs = [path for path in _found(options.logs) if path.lstat().st_mtime >= since]
    copied = _copy(logs, options.reports / "logs", options.megabytes * 2**20)
    print(f"written: {path}; {copied} logs copied to {options.reports / 'logs'}")
    return 0


def tests_of(path: pathlib.Path) -> Tests | None:
    """Read a JUnit file; None if it is cut off, as that of a killed pytest may be."""
    try:
        cases = list(ElementTree.parse(path).iter("testcase"))  # noqa: S314 - our own pytest wrote it
    except ElementTree.ParseError:
        return None
    return Tests(
        name=path.stem,
        total=len(cases),
        skipped=sum(case.find("skipped") is not None for case in cases),
        failures=tuple(_failures(cases)),
    )


def _failures(cases: Iterable[ElementTree.Element]) -> Iterator[tuple[str, str]]:
    for case in cases:
        for kind in ("failure", "error"):
            for problem in case.findall(kind):
                message = (problem.get("message") or kind).strip().splitlines()
                yield (
                    f"{case.get('classname')}::{case.get('name')}",
                    message[0] if message else kind,
                )


def _summary(reports: pathlib.Path, name: str, run: dict[str, Any], since: float) -> Iterator[str]:
    yield f"## {name}: {run.get('verdict', 'did not run to its end')}"
    if run:
        yield f"`nox {run['arguments']}`: {run['seconds']} s, NPUs: {run['npus'] or 'none'}"
    yield from _about_machine(_read(reports / "probe.json"))
    files = [path for path in sorted(reports.glob("*.xml")) if path.stat().st_mtime >= since]
    own = [path for path in sorted(reports.glob("*/summary.md")) if path.stat().st_mtime >= since]
    for path in own:
        yield f"\n{path.read_text(encoding='utf-8').rstrip()}"
        yield f"\nIn the artefact: {path.parent.name}/report.html"
    found = [(path.name, tests_of(path)) for path in files]
    if found:
        yield "\n| tests | passed | not run | failed |\n|---|---|---|---|"
    for file, tests in found:
        yield _row(tests) if tests else f"| {file} | cut off | | |"
    failures = [failure for _, tests in found if tests for failure in tests.failures]
    for test, message in failures[:_MOST_FAILURES]:
        yield f"- **{test}**: {message}"
    if len(failures) > _MOST_FAILURES:
        yield f"- and {len(failures) - _MOST_FAILURES} more"


def _row(tests: Tests) -> str:
    passed = tests.total - tests.skipped - len(tests.failures)
    return f"| {tests.name} | {passed} | {tests.skipped} | {len(tests.failures)} |"


def _about_machine(probe: dict[str, Any]) -> Iterator[str]:
    if not probe:
        return
    yield f"\ndriver {probe['driver'] or '?'}, npu-smi {probe['npu_smi'] or '?'}"
    yield "\n| NPU | chip | memory in MB | verdict |\n|---|---|---|---|"
    for chip in probe["chips"]:
        memory = f"{chip['used_mb']} of {chip['total_mb']}"
        verdict = chip["reason"] or "usable"
        yield f"| {chip['number']} | {chip['name']} | {memory} | {verdict} |"
    yield from (f"- {problem}" for problem in probe["problems"])


def _copy(files: Iterable[pathlib.Path], target: pathlib.Path, most: int) -> int:
    """Copy the newest logs, as long as they fit; called last, when all else is written."""
    copied = 0
    for path in sorted(files, key=lambda path: path.lstat().st_mtime, reverse=True):
        size = path.stat().st_size
        if size > most:
            continue
        most -= size
        place = target / str(path).strip("/").replace("/", "_")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
        copied += 1
    return copied


def _found(patterns: Iterable[str]) -> Iterator[pathlib.Path]:
    for pattern in patterns:
        absolute = str(pathlib.Path(pattern).expanduser())
        found = pathlib.Path("/").glob(absolute.lstrip("/"))
        yield from (path for path in found if path.is_file())


def _read(path: pathlib.Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="collect.py", description=__doc__)
    parser.add_argument("--name", required=True, help="of the job, as run.py was told")
    parser.add_argument("--reports", type=pathlib.Path, default=REPORTS)
    parser.add_argument("--megabytes", type=int, default=50, help="of logs at most (default: 50)")
    parser.add_argument("--logs", nargs="*", default=_LOGS, help="patterns of logs to copy")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
