"""A suite of one file on a target of its own, run by the plugin in another process."""

from __future__ import annotations

import json
import os
import textwrap
from collections.abc import Mapping
from typing import Any

import pytest

pytest_plugins = ["pytester"]

HEAD = """
import os, socket, subprocess, sys
import pytest
from yr_conformance.clauses import MUST, clause
"""
TARGET = """
class ExampleTarget:
    name = "example"
    capabilities = frozenset({capabilities!r})
    version = "1.5"

    def check_active(self):
        pass

    def versions(self):
        return {{"example-system": "1.5"}}

    def known_deviations(self):
        return {deviations!r}
"""
ENTRY_POINTS = """
[yr_conformance.targets]
example = example_target:ExampleTarget
"""


def pytest_configure(config: pytest.Config) -> None:
    """Know the marker of clauses, so that chapters can be imported here."""
    config.addinivalue_line("markers", "clause(record): the clause that the test proves")


class Suite:
    """Writes the suite and the target that another distribution would bring, and runs them."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self._install("example-1.5.dist-info/METADATA", "Name: example\nVersion: 1.5\n")
        self._install("example-1.5.dist-info/entry_points.txt", ENTRY_POINTS)
        self.target()

    def target(self, *capabilities: str, deviations: str = "") -> None:
        """Write the target anew with these capabilities and known deviations."""
        text = TARGET.format(capabilities=list(capabilities), deviations=deviations)
        self._install("example_target.py", text)

    def write(self, tests: str) -> None:
        """Write the test file, below the usual imports."""
        self.pytester.makepyfile(test_suite=HEAD + textwrap.dedent(tests))

    def command(self, *options: str) -> list[str]:
        """The options of pytest for a run of the suite."""
        return [
            *("-p", "yr_conformance.plugin", "-p", "no:cacheprovider"),
            *("--target", "example", "--report", "report.json", "--leak-patience", "0.3"),
            *options,
        ]

    def run(self, *options: str) -> pytest.RunResult:
        """Run the suite to its end in a process of its own."""
        return self.pytester.runpytest_subprocess(*self.command(*options))

    @property
    def report(self) -> Mapping[str, Any]:
        """What the run wrote as JSON."""
        text = (self.pytester.path / "report.json").read_text(encoding="utf-8")
        parsed: Mapping[str, Any] = json.loads(text)
        return parsed

    def _install(self, name: str, text: str) -> None:
        path = self.pytester.path / "installed" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Suite:
    """A suite that is run in a process of its own."""
    installed = str(pytester.path / "installed")
    paths = [installed, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    return Suite(pytester)
