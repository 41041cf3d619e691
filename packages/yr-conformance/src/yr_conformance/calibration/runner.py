"""Asks a question in a process of its own, which may end, hang or be left in a bad state."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from yr_conformance.calibration.answer import Answer
from yr_conformance.calibration.question import Question


def ask(asked: Question) -> Answer:
    """Give what came of it, however its process ended; blocks for its limit at most."""
    with tempfile.TemporaryDirectory(prefix="yr-calibration-") as room:
        begun = time.monotonic()
        answer = _in_process(asked, pathlib.Path(room))
        seconds = round(time.monotonic() - begun, 3)
    return Answer(answer.outcome, answer.value, answer.text, seconds)


def _in_process(asked: Question, room: pathlib.Path) -> Answer:
    file, output = room / "answer.json", room / "output"
    command = [sys.executable, "-m", "yr_conformance.calibration.asking", *asked.place, str(file)]
    with output.open("wb") as stream:
        process = subprocess.Popen(
            command,
            env={**os.environ, **asked.variables},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
        try:
            status = process.wait(asked.limit_s)
        except subprocess.TimeoutExpired:
            return Answer("silent", text=f"no answer in {asked.limit_s:g} s")
        finally:
            process.kill()
            process.wait()
    return _read(file) if file.exists() else Answer("ended", text=_end(status, output))


def _read(file: pathlib.Path) -> Answer:
    return Answer(**json.loads(file.read_text(encoding="utf-8")))


def _end(status: int, output: pathlib.Path) -> str:
    lines = output.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    last = f": {lines[-1]}" if lines else ""
    if status < 0:
        return f"ended with signal {-status} ({signal.strsignal(-status)}){last}"
    return f"ended with exit status {status}{last}"
