"""A process that a test tells what to do, one JSON line a question and one an answer.

    test --stdin: [number, name, arguments]--> process: object.name(*arguments)
         <--stdout: [number, answer, error]---

An answer that comes when nobody waits for it any more is dropped: its number is not that of the
question that is waited for. The process ends when its standard input does, so also with the test
process. What it prints otherwise goes to its standard error, which is kept in a file.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, Any, Final

from yr_conformance.environment import HOST_TENSORS
from yr_conformance.fair_time import TooBusyError
from yr_conformance.waiting import PATIENCE_S

_READY: Final = 0
_TOO_BUSY: Final = f"{TooBusyError.__name__}: "
_MOST_STDERR: Final = 3000


class PartnerError(AssertionError):
    """A question has no good answer: `cause` says why, the text also what the partner said last."""

    def __init__(self, cause: str, last_words: str) -> None:
        super().__init__(f"{cause}: {last_words}")
        self.cause = cause


class NoAnswerError(PartnerError):
    """The partner did not answer in time, or has ended."""


class RefusalError(PartnerError):
    """The method that was asked for raised an error."""


class Partner:
    """Such a process, as the test process sees it; made by `partner`."""

    def __init__(self, process: subprocess.Popen[str], stderr: str) -> None:
        self._process, self._stderr = process, stderr
        self._is_ready = False
        self._asked = _READY
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        # A line that came together with another one would not make the pipe readable.
        threading.Thread(target=self._listen, name="dialogue", daemon=True).start()

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def wait_ready(self) -> None:
        """Return once it can be asked; others may start at the same time until then."""
        if not self._is_ready:
            self._await(_READY)
            self._is_ready = True

    def ask(self, name: str, *arguments: Any, within_s: float = PATIENCE_S) -> Any:
        """Have a method of its object called; RefusalError with its error if it raised one.

        A TooBusyError is raised as it is. NoAnswerError after so many seconds.
        """
        self.wait_ready()
        self._asked += 1
        self._write(json.dumps([self._asked, name, arguments]) + "\n")
        return self._await(self._asked, within_s)

    def end(self) -> None:
        """Let it come to its end in order; any number of times."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.close()
        self._process.wait(PATIENCE_S)

    def kill(self) -> None:
        """End it as a crash would, and wait until it is gone."""
        self._process.kill()
        self.end()

    def last_words(self) -> str:
        """Give the end of its standard error."""
        with open(self._stderr, encoding="utf-8", errors="replace") as stderr:
            return stderr.read()[-_MOST_STDERR:]

    def _write(self, question: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(question)
            self._process.stdin.flush()
        except (OSError, ValueError) as error:
            raise NoAnswerError(f"cannot be asked: {error}", self.last_words()) from None

    def _await(self, number: int, within_s: float = PATIENCE_S) -> Any:
        deadline = time.monotonic() + within_s
        while True:
            answered, answer, error = json.loads(self._line(deadline, within_s))
            if answered == number:
                if error.startswith(_TOO_BUSY):
                    raise TooBusyError(error.removeprefix(_TOO_BUSY))
                if error:
                    raise RefusalError(error, self.last_words())
                return answer

    def _line(self, deadline: float, within_s: float) -> str:
        try:
            line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            raise NoAnswerError(f"no answer within {within_s:g} s", self.last_words()) from None
        if not line:
            self._lines.put(line)
            raise NoAnswerError("ended without an answer", self.last_words())
        return line

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(ValueError), self._process.stdout as stdout:
            for line in stdout:
                self._lines.put(line)
        self._lines.put("")


@contextlib.contextmanager
def started(
    command: Sequence[str],
    environment: Mapping[str, str],
    directory: str,
    through: Sequence[str] = (),
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a module for `Partner`, its standard error in the directory; killed at the end.

    `through` is a command that runs another one in its own place, such as `nsenter`. All tensors of
    such processes, and of their actors, are on the host.
    """
    stderr = os.path.join(directory, "stderr")
    with open(stderr, "w", encoding="utf-8") as words:
        process = subprocess.Popen(
            [*through, sys.executable, "-m", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=words,
            text=True,
            env={**environment, **HOST_TENSORS},
            cwd=directory,
        )
    try:
        yield process, stderr
    finally:
        process.kill()
        process.wait(PATIENCE_S)
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.close()


def answers() -> IO[str]:
    """Take standard output for the answers; what is printed from now on is standard error."""
    made = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return made


def serve(target: object, to: IO[str]) -> None:
    """Say that all is ready, then answer until nobody asks any more."""
    _say(to, _READY, None, "")
    for line in sys.stdin:
        number, name, arguments = json.loads(line)
        _say(to, number, *_outcome(getattr(target, name), arguments))


def _outcome(call: Callable[..., Any], arguments: list[Any]) -> tuple[Any, str]:
    try:
        return call(*arguments), ""
    except Exception as error:
        return None, f"{type(error).__name__}: {error}"


def _say(to: IO[str], number: int, answer: Any, error: str) -> None:
    to.write(json.dumps([number, answer, error], default=dataclasses.asdict) + "\n")
    to.flush()
