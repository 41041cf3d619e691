"""GitHub finds failures in pytest's output by the matcher, at the line that failed."""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import sys

from conftest import SCRIPTS

TESTS = """
import pytest


def test_assertion():
    assert 1 == 2


def test_error():
    raise RuntimeError("broken")


def test_failure():
    pytest.fail("on purpose")


def test_good():
    pass
"""


def test_failures_are_found_at_their_lines(tmp_path: pathlib.Path) -> None:
    """Assertions, exceptions and failures on purpose, and nothing else."""
    (tmp_path / "test_some.py").write_text(TESTS, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_some.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    text = (SCRIPTS / "pytest-problems.json").read_text(encoding="utf-8")
    (pattern,) = json.loads(text)["problemMatcher"][0]["pattern"]

    found = [re.match(pattern["regexp"], line) for line in done.stdout.splitlines()]

    places = [(match[pattern["file"]], int(match[pattern["line"]])) for match in found if match]
    assert places == [("test_some.py", 6), ("test_some.py", 10), ("test_some.py", 14)], done.stdout
