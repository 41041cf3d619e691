"""The doctor's probes, as processes."""

from __future__ import annotations

import os
import pathlib
import socket
import subprocess
import sys

import psutil
from conftest import wait_until

PROGRAM = """
import sys
from ray_ascend.doctor.child import run_probe
run_probe("worker", sys.argv[1:], 600)
"""


def probes_of(port: int) -> list[psutil.Process]:
    """Find probes of a worker at that port."""
    wanted = ["ray_ascend.doctor.probe", "worker", "127.0.0.1", str(port)]
    return [
        one
        for one in psutil.process_iter(["cmdline"])
        if (one.info["cmdline"] or [])[-len(wanted) :] == wanted
    ]


def test_a_probe_ends_with_a_doctor_that_is_killed(tmp_path: pathlib.Path) -> None:
    """One that would wait for a worker that never answers is gone with it."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        command = [sys.executable, "-c", PROGRAM, "127.0.0.1", str(port)]
        environment = {**os.environ, "TMPDIR": str(tmp_path)}
        with subprocess.Popen(command, env=environment) as doctor:
            connection, _ = silent.accept()
            with connection:
                assert len(probes_of(port)) == 1
                doctor.kill()

        wait_until(lambda: not probes_of(port))
