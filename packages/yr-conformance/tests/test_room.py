"""What a worker says of its memory, found by its process."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import psutil

from yr_conformance.datasystem.room import accounts
from yr_conformance.waiting import wait_until

LINE = "2026 | I | res_metric_collector.cpp:116 |   | 12183:12935 | f941 |  | 671/671/4294/0.1 | 0"


def test_the_last_line_of_a_workers_account(tmp_path: pathlib.Path) -> None:
    """It is read where the worker's command line says that its logs are."""
    (tmp_path / "resource.log").write_text(f"older |  | 1/1\n{LINE}\n", encoding="utf-8")
    command = [sys.executable, "-c", "input()", f"--log_dir={tmp_path}"]

    with subprocess.Popen(command, stdin=subprocess.PIPE) as worker:
        # A process may have no command line yet when Popen returns.
        wait_until(lambda: bool(psutil.Process(worker.pid).cmdline()), "it has a command line")
        said = accounts([worker.pid, os.getpid()])
        worker.communicate(b"\n")

    assert said == f"worker {worker.pid}: 671/671/4294/0.1 | 0"
    assert accounts([worker.pid]) == "nothing is known of its memory"
