"""One process of the program `etcd`: started, hurt, ended, its data in a directory of its own."""

from __future__ import annotations

import os
import shutil
import signal
import ssl
import subprocess
import tempfile
from collections.abc import Sequence

from yr_conformance.etcd.server import wait_until_healthy
from yr_conformance.waiting import PATIENCE_S

_LAST_WORDS = 400


class EtcdProcess:
    """A process of ours; it inherits the environment, and with it the mark of the test process."""

    def __init__(self, address: str, parent: str, context: ssl.SSLContext | None = None) -> None:
        """Make its directory below `parent`; nothing runs yet. With a context it talks TLS."""
        self.address, self._context = address, context
        self._home = tempfile.mkdtemp(prefix="etcd-", dir=parent)
        self.data = os.path.join(self._home, "data")
        self._log = os.path.join(self._home, "log")
        self._command: Sequence[str] = ()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def runs(self) -> bool:
        """Whether the process is there, paused or not."""
        return self._process is not None and self._process.poll() is None

    def start(self, command: Sequence[str]) -> None:
        """Start it and return at once; OSError if it cannot be run."""
        self._command = command
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def start_again(self) -> None:
        """Start it, after `kill`, with its data, and return at once."""
        self.start(self._command)

    def wait(self, timeout_s: float = PATIENCE_S) -> None:
        """Wait until it answers and can be written to; EtcdError if it does not."""
        wait_until_healthy(self.address, lambda: self.runs, timeout_s, self._context)

    def pause(self) -> None:
        """Stop it from answering while its connections stay."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it as a crash would, and wait until it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """End it and remove its data; any number of times."""
        if self._process is not None and self.runs:
            self._signal(signal.SIGCONT)
            self._signal(signal.SIGTERM)
            try:
                self._process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self._home, ignore_errors=True)

    def last_words(self) -> str:
        """Give the end of what it wrote."""
        with open(self._log, encoding="utf-8", errors="replace") as log:
            return log.read()[-_LAST_WORDS:]

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
