"""A driver's process, as the test process sees it."""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from yr_conformance.leaks import RAY_VARIABLE
from yr_conformance.settings import driver
from yr_conformance.settings.attempt import Attempt, RunningWorker, attempt_of, worker_of
from yr_conformance.transfer.ray_session import check_nothing_runs

ANSWER_S: Final = 110.0
END_S: Final = 60.0
_MOST_STDERR: Final = 3000


class DriverProcess:
    """A driver with a Ray cluster of its own; made by `driver_at`."""

    def __init__(self, process: subprocess.Popen[str], hosts: Sequence[str], stderr: str) -> None:
        self.hosts = tuple(hosts)
        self._process, self._stderr = process, stderr
        self._await()

    def register(self, settings: Mapping[str, object]) -> Attempt:
        """Register with these variables and no others of ours."""
        texts = {name: str(value) for name, value in settings.items()}
        return attempt_of(self.ask("register", texts))

    def workers(self) -> list[RunningWorker]:
        """Look at the workers that run, in the order of their addresses."""
        return [worker_of(fields) for fields in self.ask("workers")]

    def ask(self, name: str, *arguments: Any) -> Any:
        """Have a method of Driver called; AssertionError with its error if it raised one."""
        stdin = self._process.stdin
        assert stdin is not None
        stdin.write(json.dumps([name, arguments]) + "\n")
        stdin.flush()
        return self._await()

    def end(self) -> None:
        """Let it clean up and end."""
        with contextlib.suppress(OSError):
            self._process.communicate(timeout=END_S)

    def _await(self) -> Any:
        stdout = self._process.stdout
        assert stdout is not None
        readable, _, _ = select.select([stdout], [], [], ANSWER_S)
        line = stdout.readline() if readable else ""
        assert line, f"no answer within {ANSWER_S} s: {self._last_words()}"
        answer, error = json.loads(line)
        assert not error, f"{error}: {self._last_words()}"
        return answer

    def _last_words(self) -> str:
        with open(self._stderr, encoding="utf-8") as stderr:
            return stderr.read()[-_MOST_STDERR:]


@contextlib.contextmanager
def driver_at(hosts: Sequence[str], parent: str) -> Iterator[DriverProcess]:
    """Start a driver whose Ray nodes have these addresses; at the end nothing of it runs."""
    mark = uuid.uuid4().hex
    directory = tempfile.mkdtemp(prefix="d-", dir=parent)
    stderr = os.path.join(directory, "stderr")
    command = [sys.executable, "-m", driver.__name__, *hosts]
    environment = {**os.environ, RAY_VARIABLE: mark, "TMPDIR": directory}
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        stack.callback(check_nothing_runs, mark)
        words = stack.enter_context(open(stderr, "w", encoding="utf-8"))
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=words,
            text=True,
            env=environment,
            cwd=directory,
        )
        stack.callback(process.kill)
        made = DriverProcess(process, hosts, stderr)
        stack.callback(made.end)
        yield made


def loopback_hosts(count: int) -> list[str]:
    """Choose addresses of this machine that nobody else is likely to use."""
    network = f"127.{random.randrange(1, 255)}.{random.randrange(1, 255)}"  # noqa: S311
    return [f"{network}.{number}" for number in range(1, count + 1)]


def can_listen(host: str, port: int) -> bool:
    """Tell whether nobody listens there."""
    with socket.socket() as probe:
        # Connections of a backend before, in TIME_WAIT, are no listeners.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError:
            return False
    return True
