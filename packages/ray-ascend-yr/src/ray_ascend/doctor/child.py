"""Runs a probe in a process of its own, for a limited time, and takes whatever it has found."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile

from ray_ascend.doctor.finding import Finding

_LINES_SHOWN = 5


def run_probe(name: str, arguments: list[str], timeout_s: float) -> list[Finding]:
    """Run `probe NAME ARGUMENTS`; a crash, and what it could not do in time, are findings too."""
    command = [sys.executable, "-m", "ray_ascend.doctor.probe", name, *arguments]
    with tempfile.TemporaryDirectory(prefix="ray-ascend-doctor-") as directory:
        paths = [os.path.join(directory, stream) for stream in ("found", "said")]
        with open(paths[0], "w") as found, open(paths[1], "w") as said:
            problem = _run(command, found.fileno(), said.fileno(), directory, timeout_s)
        findings = [Finding.from_line(line) for line in _whole_lines(paths[0])]
        if problem:
            said_last = tuple(line.rstrip() for line in _whole_lines(paths[1]))[-_LINES_SHOWN:]
            findings.append(Finding(name, "error", problem, log=said_last))
    return findings


def _run(command: list[str], found: int, said: int, directory: str, timeout_s: float) -> str:
    """Give what went wrong with the process itself, or an empty string."""
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=found,
        stderr=said,
        env={**_environment(), "DATASYSTEM_CLIENT_LOG_DIR": directory},
        start_new_session=True,
    )
    try:
        status = child.wait(timeout_s)
    except subprocess.TimeoutExpired:
        return f"did not answer within {timeout_s:g} s"
    finally:
        # What the probe started may hang where it hangs.
        _end_session(child)
    return f"the check's process ended with status {status}" if status else ""


def _environment() -> dict[str, str]:
    """Let the child find what this process finds, also where Ray has set the path."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _end_session(child: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        child.wait()


def _whole_lines(path: str) -> list[str]:
    with open(path, errors="replace") as lines:
        return [line for line in lines if line.endswith("\n") and line.strip()]
