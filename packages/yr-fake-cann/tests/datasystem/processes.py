"""Processes on emulated NPUs, each of which sees one physical NPU as its npu:0."""

import json
import os
import subprocess
import sys
import uuid
from dataclasses import dataclass
from typing import Any, Final

from yr_fake_cann import activation

PROGRAM: Final = os.path.join(os.path.dirname(os.path.abspath(__file__)), "program.py")
PATIENCE: Final = 240


@dataclass(frozen=True)
class Running:
    """A process that runs one role of the program."""

    process: subprocess.Popen[str]

    def next(self) -> dict[str, Any]:
        """Return the next thing it tells; raise AssertionError with its errors when it is gone."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("{"):
                found: dict[str, Any] = json.loads(line)
                return found
        raise AssertionError(self._rest())

    def finish(self) -> dict[str, Any]:
        """Close its input and return its result."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        result = self.next()
        self.end()
        return result

    def end(self) -> None:
        """Wait for it, killing it if it does not end."""
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def _rest(self) -> str:
        assert self.process.stderr is not None
        errors = self.process.stderr.read()
        self.end()
        return errors


def start(role: str, worker: str, prefix: str, npu: int, **settings: str) -> Running:
    """Start a role on a physical NPU, with further settings of the emulator."""
    environ = {**os.environ, "ASCEND_RT_VISIBLE_DEVICES": str(npu), **settings}
    environ.update(activation.variables(environ, activation.Machine(npus=4)))
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", PROGRAM, role, worker, prefix],
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    return Running(process)


def run(role: str, worker: str, prefix: str, npu: int = 0, **settings: str) -> dict[str, Any]:
    """Run a role to its end and return its result."""
    return start(role, worker, prefix, npu, **settings).finish()


def new_prefix() -> str:
    """Return a prefix of keys that nobody else uses."""
    return uuid.uuid4().hex[:12]
