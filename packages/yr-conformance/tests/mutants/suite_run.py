"""Runs of the suite in a process of its own, and what failed in them."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Mapping, Sequence

from yr_conformance.proofs import clause_id_of
from yr_conformance.waiting import PATIENCE_VARIABLE


class SuiteError(Exception):
    """The suite did not come to a result; the text is all that it printed."""


def environment_with(path: str, patience_s: str, **more: str) -> dict[str, str]:
    """Give this process's environment with a directory whose modules go before all others."""
    paths = [path, os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        PATIENCE_VARIABLE: patience_s,
        **more,
    }


def failures(
    tests: Sequence[str],
    options: Sequence[str],
    environment: Mapping[str, str],
    directory: pathlib.Path,
    activation: Sequence[str] = (),
) -> dict[str, str]:
    """Run tests of the suite and return why clauses failed, by id; SuiteError if it ended.

    What it prints is in `directory`, in the file `output`.
    """
    report = directory / "report.json"
    command = [
        *activation,
        *(sys.executable, "-m", "pytest", "-q", "-p", "yr_conformance.plugin", "--pyargs"),
        *(*tests, f"--report={report}", "-p", "no:cacheprovider", *options),
    ]
    done = subprocess.run(
        command, env=dict(environment), capture_output=True, text=True, check=False
    )
    (directory / "output").write_text(done.stdout + done.stderr, encoding="utf-8")
    if not report.exists():
        raise SuiteError(f"the suite did not run:\n{done.stdout}{done.stderr}")
    clauses = json.loads(report.read_text(encoding="utf-8"))["clauses"]
    return {
        clause_id_of(name): str(one["reason"])
        for name, one in sorted(clauses.items())
        if one["state"] == "failed"
    }
