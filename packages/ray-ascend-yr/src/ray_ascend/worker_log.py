"""Why a worker did not start, in its own words.

A worker that failed inside does not exit, and `dscli start` then waits out its whole time-out
without a reason; only the worker's log has it (measured on openyuanrong-datasystem 0.8.1).
"""

from __future__ import annotations

import contextlib
import os

_FATAL = "Worker runtime error"
_MOST_LINES = 3


def log_path(home: str) -> str:
    """Give the path of the log that `dscli start -d HOME` makes the worker write."""
    return os.path.join(home, "datasystem", "logs", "datasystem_worker.INFO.log")


def has_given_up(home: str) -> bool:
    """Tell whether the worker has reported that it cannot run."""
    return any(_FATAL in line for line in _errors(home))


def explain(output: str, home: str) -> str:
    """Put together what dscli printed, without its progress, and the worker's last errors."""
    said = [line for line in output.splitlines() if line.strip() and not line.startswith("[INFO]")]
    logged = [line.rsplit("|", 1)[-1].strip() for line in _errors(home)]
    return "\n".join([*said, *list(dict.fromkeys(logged))[-_MOST_LINES:]])


def _errors(home: str) -> list[str]:
    with contextlib.suppress(OSError), open(log_path(home), errors="replace") as log:
        return [line for line in log if "| E |" in line]
    return []
