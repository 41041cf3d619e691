"""The command `dscli`: is it there, does it run, and does it belong to the SDK of this Python."""

from __future__ import annotations

import os
import shutil
import subprocess

from ray_ascend.backend.worker_command import find_dscli
from ray_ascend.doctor.finding import Finding
from ray_ascend.errors import BackendStartError

_TIMEOUT_S = 30.0


def check_dscli(sdk: Finding | None) -> Finding:
    """Find the command as a worker's start would, and run its help; `sdk` is the SDK's finding."""
    try:
        path = os.path.realpath(find_dscli())
    except BackendStartError as error:
        text, _, advice = str(error).partition("; run there: ")
        return Finding("dscli", "error", text, f"run: {advice}")
    details = {"path": path}
    if problem := _why_not_runnable(path):
        advice = "install openyuanrong-datasystem anew: the environment may have been moved"
        return Finding("dscli", "error", f"{path} does not run: {problem}", advice, details)
    expected = sdk.details.get("dscli", "") if sdk else ""
    if expected and os.path.realpath(expected) != path:
        return Finding(
            "dscli",
            "error",
            f"{path} does not belong to the SDK that Python imports, whose command is {expected}",
            "put both on the path from one installation (PATH and PYTHONPATH, or one environment)",
            details,
        )
    where = "on PATH" if shutil.which("dscli") else "beside the interpreter, not on PATH"
    return Finding("dscli", "ok", f"{path} ({where})", details=details)


def _why_not_runnable(path: str) -> str:
    try:
        subprocess.run(
            [path, "--help"], check=True, capture_output=True, text=True, timeout=_TIMEOUT_S
        )
    except subprocess.CalledProcessError as error:
        last = error.stderr.strip().splitlines()[-1:] or ["it printed nothing"]
        return f"status {error.returncode}: {last[0]}"
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return ""
