"""Why a worker did not start, in its own words.

A worker that failed inside does not exit, and `dscli start` then waits out its whole time-out
without a reason; only the worker's log has it (measured on openyuanrong-datasystem 0.8.1). Users
may put the log elsewhere (`--log_dir`), where earlier workers have written too.
"""

from __future__ import annotations

import contextlib
import os
import re

from ray_ascend.backend.hidden_values import without_secrets

_FATAL = "Worker runtime error"
_LOG_DIRECTORY = re.compile(r"^\[INFO\] Log directory configured at: (.+)$", re.MULTILINE)
_PID = re.compile(r"PID: (\d+)\b.*\n")
_LAST_LINES = 2


def log_path(home: str, output: str = "") -> str:
    """Give the path of the worker's log: where dscli said, else at its place below the home."""
    told = _LOG_DIRECTORY.search(output)
    directory = told[1] if told else os.path.join("datasystem", "logs")
    return os.path.join(home, directory, "datasystem_worker.INFO.log")


def has_given_up(output: str, home: str) -> bool:
    """Tell whether the worker that dscli's output names has reported that it cannot run."""
    return any(_FATAL in line for line in _errors(output, home))


def explain(output: str, home: str) -> str:
    """Put together what dscli printed, without its progress, and what the worker logged.

    Of that, the first error, which is the cause, and the last ones, which are what it led to.
    """
    said = [line for line in output.splitlines() if line.strip() and not line.startswith("[INFO]")]
    logged = [line.rsplit("|", 1)[-1].strip() for line in _errors(output, home)]
    text = "\n".join([*said, *dict.fromkeys(logged[:1] + logged[-_LAST_LINES:])])
    return without_secrets(text)


def _errors(output: str, home: str) -> list[str]:
    """Give the lines of level E; each names its process as `| pid:thread |`."""
    pid = _PID.search(output)
    writer = f"| {pid[1]}:" if pid else ""
    with contextlib.suppress(OSError), open(log_path(home, output), errors="replace") as log:
        return [line for line in log if "| E |" in line and writer in line]
    return []
