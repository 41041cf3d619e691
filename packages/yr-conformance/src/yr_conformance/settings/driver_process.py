"""A driver's process, as the test process sees it."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence

from yr_conformance.dialogue import Partner, started
from yr_conformance.leaks import RAY_VARIABLE
from yr_conformance.settings import driver
from yr_conformance.settings.attempt import Attempt, RunningWorker, attempt_of, worker_of
from yr_conformance.transfer.ray_session import check_nothing_runs


class DriverProcess(Partner):
    """A driver with a Ray cluster of its own; made by `driver_at`."""

    def __init__(self, process: subprocess.Popen[str], stderr: str, hosts: Sequence[str]) -> None:
        self.hosts = tuple(hosts)
        super().__init__(process, stderr)

    def register(self, settings: Mapping[str, object]) -> Attempt:
        """Register with these variables and no others of ours."""
        texts = {name: str(value) for name, value in settings.items()}
        return attempt_of(self.ask("register", texts))

    def workers(self) -> list[RunningWorker]:
        """Look at the workers that run, in the order of their addresses."""
        return [worker_of(fields) for fields in self.ask("workers")]


@contextlib.contextmanager
def driver_at(hosts: Sequence[str], parent: str) -> Iterator[DriverProcess]:
    """Start a driver whose Ray nodes have these addresses; at the end nothing of it runs."""
    mark = uuid.uuid4().hex
    directory = tempfile.mkdtemp(prefix="d-", dir=parent)
    command = [driver.__name__, *hosts]
    environment = {**os.environ, RAY_VARIABLE: mark, "TMPDIR": directory}
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        stack.callback(check_nothing_runs, mark)
        process, stderr = stack.enter_context(started(command, environment, directory))
        made = DriverProcess(process, stderr, hosts)
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
