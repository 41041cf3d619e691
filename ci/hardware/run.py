#!/usr/bin/env python3
"""Run the sessions of nox that a job consists of, for so many minutes at most.

Everything that is started carries YR_CI_JOB, so that clean.py finds it, whatever becomes of this
process. With the file of probe.py only usable NPUs are visible; with that of setup.py CANN's
environment holds. At the end, or when this process is told to end, the whole group of processes is
ended. Writes reports/run-NAME.json; the status is nox's, or 124 after the last minute.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from types import FrameType

import marks
from commands import end_group

REPORTS = pathlib.Path("reports")
CANN_ENVIRONMENT = REPORTS / "cann-environment.json"
TIMED_OUT = 124
_ENVIRONMENTS = f".nox/py{sys.version_info.major}.{sys.version_info.minor}"
"""Apart for each Python: nox takes an environment that is there, whatever Python it has."""
_LAUNCHER = f".nox/driver/bin/python -m nox --envdir {_ENVIRONMENTS}"
_PATIENCE_S = 20.0


def main(arguments: Sequence[str]) -> int:
    """Run, tell and record."""
    options = _options(arguments)
    environment = _environment(options.probe)
    command = [*shlex.split(options.launcher), *shlex.split(options.arguments)]
    print(f"run {options.name}: {shlex.join(command)}", flush=True)
    record = {
        "name": options.name,
        "arguments": options.arguments,
        "npus": environment.get("ASCEND_RT_VISIBLE_DEVICES", ""),
        "began": time.time(),
        "seconds": 0.0,
        "verdict": "did not run to its end",
    }
    _write(record)
    begin = time.monotonic()
    status = _run(command, environment, options.minutes * 60)
    seconds, verdict = round(time.monotonic() - begin, 1), _verdict(status, options.minutes)
    path = _write({**record, "status": status, "seconds": seconds, "verdict": verdict})
    print(f"run {options.name}: {verdict} in {seconds} s, written: {path}")
    return status


def _write(record: Mapping[str, object]) -> pathlib.Path:
    REPORTS.mkdir(exist_ok=True)
    path = REPORTS / f"run-{record['name']}.json"
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return path


def _run(command: Sequence[str], environment: dict[str, str], limit_s: float) -> int:
    process = subprocess.Popen(command, env=environment, start_new_session=True)

    def end(number: int, _: FrameType | None) -> None:
        print(f"told to end by signal {number}", flush=True)
        _end(process)
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, end)
    try:
        return process.wait(limit_s)
    except subprocess.TimeoutExpired:
        return TIMED_OUT
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the group: what nox started may live on when nox has ended."""
    end_group(process.pid, signal.SIGTERM)
    try:
        process.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        print("it does not end when told: killed", flush=True)
    end_group(process.pid, signal.SIGKILL)


def _environment(probe: pathlib.Path | None) -> dict[str, str]:
    environment = {**os.environ, marks.JOB: marks.own_mark()}
    if CANN_ENVIRONMENT.exists():
        environment.update(json.loads(CANN_ENVIRONMENT.read_text(encoding="utf-8")))
    if probe is not None:
        environment.update(json.loads(probe.read_text(encoding="utf-8"))["environment"])
    return environment


def _verdict(status: int, minutes: float) -> str:
    if status == TIMED_OUT:
        return f"ended after {minutes:g} minutes"
    return "passed" if status == 0 else f"failed ({status})"


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.py", description=__doc__)
    parser.add_argument("--name", required=True, help="of the job, for its report")
    parser.add_argument("--minutes", type=float, required=True, help="after which it is ended")
    parser.add_argument("--arguments", required=True, help="of nox, as one word")
    parser.add_argument("--probe", type=pathlib.Path, help="what probe.py wrote")
    parser.add_argument("--launcher", default=_LAUNCHER, help=f"of nox (default: {_LAUNCHER})")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
