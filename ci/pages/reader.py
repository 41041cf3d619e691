"""The Python of a page's reader: a process that executes block after block, in one set of names.

A process for each page, since Ray cannot leave a cluster without a trace: its thread that watches
transfers goes on asking for the objects of the cluster before (Ray 2.60.0).

    pytest --Run--> standard input    this file, run as a program
    pytest <-Ran--- a pipe            standard output of the block, and its traceback if it failed
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import pathlib
import subprocess
import sys
import traceback
import types
from typing import Any

PATIENCE_S = 300
"""A block that hangs ends with its whole run, by pytest's time-out."""


class Reader:
    """Used by one page's blocks, one after the other; starts when the first one is executed."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._answers, writing = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(writing)],
            cwd=folder,
            stdin=subprocess.PIPE,
            text=True,
            pass_fds=[writing],
        )
        os.close(writing)
        self._lines = os.fdopen(self._answers, encoding="utf-8")

    def execute(self, source: str, path: str, line: int) -> tuple[str, str]:
        """Execute a block that stands behind that line: what it printed, and its traceback."""
        if self._process.stdin is None:
            raise RuntimeError("a reader has no pipe to be told by")
        self._process.stdin.write(json.dumps({"source": source, "path": path, "line": line}) + "\n")
        self._process.stdin.flush()
        answer = self._lines.readline()
        if not answer:
            return "", f"the process has ended with {self._process.wait(PATIENCE_S)}"
        ran = json.loads(answer)
        return str(ran["printed"]), str(ran["traceback"])

    def close(self) -> None:
        """End it in order, as a program that has come to its last line."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(PATIENCE_S)
        self._lines.close()


def _serve(answers: int) -> None:
    # The main module of a program: Ray sends classes of it by value.
    program = types.ModuleType("__main__")
    sys.modules["__main__"] = program
    with os.fdopen(answers, "w", encoding="utf-8", buffering=1) as lines:
        for line in sys.stdin:
            print(json.dumps(_execute(json.loads(line), program.__dict__)), file=lines)


def _execute(block: dict[str, Any], names: dict[str, Any]) -> dict[str, str]:
    failed = ""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        try:
            exec(compile("\n" * block["line"] + block["source"], block["path"], "exec"), names)  # noqa: S102
        except Exception:
            failed = traceback.format_exc()
    return {"printed": printed.getvalue(), "traceback": failed}


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
