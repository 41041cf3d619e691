"""Flame graphs of source and receiver, by py-spy, while they transfer."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Mapping
from typing import Final

from bench.turns import Asked

SECONDS: Final = 8
_RATE: Final = "100"
_END_S: Final = 60.0


def tool() -> str | None:
    """Find py-spy, of this environment or on the path; None where there is none."""
    here = os.path.dirname(sys.executable)
    return shutil.which("py-spy", path=os.pathsep.join((here, os.environ.get("PATH", ""))))


def record(
    stage: Asked, question: Mapping[str, str], directory: pathlib.Path, name: str
) -> list[pathlib.Path]:
    """Record one flame graph for each process of a transfer; give those that py-spy has drawn.

    Sampled without stopping the processes, so some samples are lost; on a machine with few CPUs
    proportions hold, and times do not.
    """
    program = tool()
    pids = stage.ask({**question, "pids": "1"}).get("pids", {})
    if program is None or not pids:
        return []
    paths = {role: directory / f"flames-{name}-{role}.svg" for role in pids}
    command = (program, "record", "--nonblocking", "-r", _RATE, "-d", str(SECONDS))
    watching = [
        subprocess.Popen(
            [*command, "-o", str(paths[role]), "-p", str(pid)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for role, pid in pids.items()
    ]
    stage.ask({**question, "seconds": str(SECONDS)})
    for one in watching:
        one.wait(_END_S)
    return [path for path in paths.values() if path.exists()]
