"""A job is run with its environment, within its minutes, and nothing of it outlives it."""

from __future__ import annotations

import json
import os
import pathlib
import shlex
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

import marks
import pytest
from conftest import Script, Start

PYTHON = shlex.quote(sys.executable)


def _wait(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, f"not within 30 s: {what}"
        time.sleep(0.02)


def _record(directory: pathlib.Path) -> dict[str, Any]:
    text = (directory / "reports/run-job.json").read_text(encoding="utf-8")
    record: dict[str, Any] = json.loads(text)
    return record


def _is_gone(pid_file: pathlib.Path) -> bool:
    return marks.start_of(int(pid_file.read_text(encoding="utf-8"))) == ""


def test_a_job_passes_with_its_environment(tmp_path: pathlib.Path, script: Script) -> None:
    """CANN's variables, the usable NPUs and the mark of the job reach what is run."""
    (tmp_path / "reports").mkdir()
    cann = tmp_path / "reports/cann-environment.json"
    cann.write_text('{"ASCEND_HOME_PATH": "/cann"}', encoding="utf-8")
    probe = tmp_path / "reports/probe.json"
    probe.write_text('{"environment": {"ASCEND_RT_VISIBLE_DEVICES": "1,3"}}', encoding="utf-8")
    names = "ASCEND_HOME_PATH ASCEND_RT_VISIBLE_DEVICES YR_CI_JOB"
    program = f"import os; print(*[os.environ[name] for name in '{names}'.split()])"

    done = script(
        *("run", "--name", "job", "--minutes", "1", "--probe", "reports/probe.json"),
        *("--launcher", f"{PYTHON} -c", "--arguments", shlex.quote(program)),
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "/cann 1,3 " in done.stdout
    assert _record(tmp_path)["verdict"] == "passed"
    assert _record(tmp_path)["npus"] == "1,3"


def test_a_job_that_fails_gives_its_status(tmp_path: pathlib.Path, script: Script) -> None:
    """The status of nox is that of the script."""
    done = script(
        *("run", "--name", "job", "--minutes", "1"),
        *("--launcher", "sh -c"),
        "--arguments='exit 3'",
    )

    assert done.returncode == 3
    assert _record(tmp_path)["verdict"] == "failed (3)"


def test_a_job_ends_after_its_minutes_with_all_it_started(
    tmp_path: pathlib.Path, script: Script
) -> None:
    """A session that hangs is ended, with processes that it started in the background."""
    program = f"sleep 600 & echo $! > {tmp_path}/pid; wait"

    done = script(
        *("run", "--name", "job", "--minutes", "0.02"),
        *("--launcher", "sh -c", "--arguments", shlex.quote(program)),
    )

    assert done.returncode == 124
    assert _record(tmp_path)["verdict"] == "ended after 0.02 minutes"
    _wait(lambda: _is_gone(tmp_path / "pid"), "the process in the background is gone")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_job_that_is_cancelled_ends_what_it_started(
    tmp_path: pathlib.Path, start: Start, number: signal.Signals
) -> None:
    """The signal of a CI service ends the whole group."""
    pid = tmp_path / "pid"
    program = f"sleep 600 & echo $! > {pid}; wait"
    arguments = ("--launcher", "sh -c", "--arguments", shlex.quote(program))
    with start("run", "--name", "job", "--minutes", "9", *arguments) as job:
        _wait(lambda: pid.exists() and pid.read_text(encoding="utf-8").strip(), "it has begun")

        os.kill(job.pid, number)
        said, _ = job.communicate(timeout=30)

    assert job.returncode == 128 + number
    assert f"told to end by signal {number.value}" in said
    _wait(lambda: _is_gone(pid), "the process in the background is gone")
