"""Processes on emulated NPUs, each of which sees one physical NPU as its npu:0."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from yr_fake_cann import activation

HERE: Final = os.path.dirname(os.path.abspath(__file__))
PROGRAM: Final = os.path.join(HERE, "program.py")
PATIENCE: Final = 240
MODES: Final = {
    "inline": {},
    "async": {"YR_FAKE_CANN_STREAMS": "async", "YR_FAKE_CANN_DELAY_US": "1000"},
    "strict": {"YR_FAKE_CANN_STRICT": "1"},
}
IN_MODES: Final = tuple(MODES)


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

    def ask(self, *question: Any) -> Any:
        """Tell it something and return what it says."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return self.next()["said"]

    def finish(self) -> dict[str, Any]:
        """Close its input, wait for its end and return its result."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        result = self.next()
        self.process.wait(PATIENCE)
        return result

    def end(self) -> None:
        """Kill it if it still runs."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def _rest(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read()


@contextmanager
def started(role: str, worker: str, prefix: str, npu: int, **settings: str) -> Iterator[Running]:
    """Give a role that runs on a physical NPU, with further settings of the emulator."""
    visible = {"ASCEND_RT_VISIBLE_DEVICES": str(npu), **settings}
    with launched([PROGRAM, role, worker, prefix], visible) as running:
        yield running


@contextmanager
def launched(program: list[str], settings: dict[str, str]) -> Iterator[Running]:
    """Give a program that runs on four emulated NPUs, with further variables."""
    environ = {**os.environ, **settings}
    environ.update(activation.variables(environ, activation.Machine(npus=4)))
    running = Running(
        subprocess.Popen(
            [sys.executable, "-W", "ignore", *program],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    )
    try:
        yield running
    finally:
        running.end()


def run(role: str, worker: str, prefix: str, npu: int = 0, **settings: str) -> dict[str, Any]:
    """Run a role to its end and return its result."""
    with started(role, worker, prefix, npu, **settings) as running:
        return running.finish()


def provided_and_fetched(
    provider: str, consumer: str, mode: str, **settings: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Move tensors between the clients of two workers; return what each side says.

    Pages go as blobs, because the layerwise page-attention calls of openyuanrong-datasystem 0.8.1
    raise TypeError (a missing argument) before they reach any device.
    """
    prefix = new_prefix()
    environ = {**MODES[mode], **settings}
    with started("provide", provider, prefix, npu=2, **environ) as provides:
        fetched = run("fetch", consumer, prefix, npu=3, **environ)
        return provides.finish(), fetched


def new_prefix() -> str:
    """Return a prefix of keys that nobody else uses."""
    return uuid.uuid4().hex[:12]
