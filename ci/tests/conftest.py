"""How tests run the scripts of ci/hardware: as a runner does, in a directory of their own."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
from collections.abc import Callable, Mapping

import pytest

SCRIPTS = pathlib.Path(__file__).resolve().parent.parent / "hardware"
RECORDED = pathlib.Path(__file__).resolve().parent / "recorded"
Script = Callable[..., "subprocess.CompletedProcess[str]"]
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def recorded() -> Callable[[str], str]:
    """Read one of the recorded outputs of npu-smi."""
    return lambda name: (RECORDED / name).read_text(encoding="utf-8")


@pytest.fixture
def script(tmp_path: pathlib.Path) -> Script:
    """Run a script to its end, in the test's directory."""

    def run(
        name: str, *arguments: str, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(SCRIPTS / f"{name}.py"), *arguments],
            cwd=tmp_path,
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def start(tmp_path: pathlib.Path) -> Start:
    """Start a script, for tests that do something to it while it runs."""

    def begin(name: str, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(SCRIPTS / f"{name}.py"), *arguments],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    return begin
