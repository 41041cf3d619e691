"""Reaper: a small process that outlives the test process and ends what that one left.

    test process --pipe--> reaper       the pipe closes when the test process ends, however it ends

It knows the descendants by the mark in their environment. After an orderly session there is nothing
left for it to do. It is started as a plain script, so that it imports nothing of this package.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import psutil

_PATIENCE_S = 30


@contextlib.contextmanager
def reaper(mark: str, home: str) -> Iterator[None]:
    """Have what carries the mark, and the directory, removed when this process ends early."""
    command = [sys.executable, os.path.abspath(__file__), mark, home]
    environment = {name: value for name, value in os.environ.items() if value != mark}
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, env=environment, start_new_session=True
    )
    try:
        yield
    finally:
        process.communicate(timeout=_PATIENCE_S)


def reap(mark: str, home: str) -> None:
    """Kill every process whose environment has the mark, then remove the directory."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if mark in process.environ().values():
                process.kill()
    shutil.rmtree(home, ignore_errors=True)


def main() -> None:
    """Wait for the end of the test process; called as `reaper.py MARK HOME`."""
    sys.stdin.read()
    reap(*sys.argv[1:3])


if __name__ == "__main__":
    main()
