"""A process that a test tells what to do, one JSON line a question and one an answer.

    test --stdin: [name, arguments]--> process: object.name(*arguments)
         <--stdout: [answer, error]---

It ends when its standard input does, so also with the test process. What it prints otherwise goes
to its standard error, which is kept in a file.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, Any, Final

from yr_conformance.environment import HOST_TENSORS

ANSWER_S: Final = 110.0
END_S: Final = 60.0
_MOST_STDERR: Final = 3000


class Partner:
    """Such a process, as the test process sees it; made by `partner`."""

    def __init__(self, process: subprocess.Popen[str], stderr: str) -> None:
        self._process, self._stderr = process, stderr
        self._is_ready = False

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def wait_ready(self) -> None:
        """Return once it can be asked; others may start at the same time until then."""
        if not self._is_ready:
            self._await()
            self._is_ready = True

    def ask(self, name: str, *arguments: Any) -> Any:
        """Have a method of its object called; AssertionError with its error if it raised one."""
        self.wait_ready()
        stdin = self._process.stdin
        assert stdin is not None
        stdin.write(json.dumps([name, arguments]) + "\n")
        stdin.flush()
        return self._await()

    def end(self) -> None:
        """Let it come to its end in order; any number of times."""
        with contextlib.suppress(OSError, ValueError):
            self._process.communicate(timeout=END_S)

    def kill(self) -> None:
        """End it as a crash would, and wait until it is gone."""
        self._process.kill()
        self.end()

    def last_words(self) -> str:
        """Give the end of its standard error."""
        with open(self._stderr, encoding="utf-8", errors="replace") as stderr:
            return stderr.read()[-_MOST_STDERR:]

    def _await(self) -> Any:
        stdout = self._process.stdout
        assert stdout is not None
        readable, _, _ = select.select([stdout], [], [], ANSWER_S)
        line = stdout.readline() if readable else ""
        assert line, f"no answer within {ANSWER_S} s: {self.last_words()}"
        answer, error = json.loads(line)
        assert not error, f"{error}: {self.last_words()}"
        return answer


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
        with contextlib.suppress(OSError, ValueError):
            process.communicate(timeout=END_S)


def answers() -> IO[str]:
    """Take standard output for the answers; what is printed from now on is standard error."""
    made = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return made


def serve(target: object, to: IO[str]) -> None:
    """Say that all is ready, then answer until nobody asks any more."""
    _say(to, None, "")
    for line in sys.stdin:
        name, arguments = json.loads(line)
        _answer(to, getattr(target, name), arguments)


def _answer(to: IO[str], call: Callable[..., Any], arguments: list[Any]) -> None:
    try:
        answer = call(*arguments)
    except Exception as error:
        _say(to, None, f"{type(error).__name__}: {error}")
    else:
        _say(to, answer, "")


def _say(to: IO[str], answer: Any, error: str) -> None:
    to.write(json.dumps([answer, error], default=dataclasses.asdict) + "\n")
    to.flush()
