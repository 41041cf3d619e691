"""An etcd from the program `etcd` on PATH, on free ports, its data in a directory of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile

from yr_conformance.datasystem.worker import HOST, free_ports
from yr_conformance.etcd.errors import EtcdError, UnavailableError
from yr_conformance.etcd.server import START_S, arguments, wait_until_healthy
from yr_conformance.waiting import PATIENCE_S

_LAST_WORDS = 400
_REMEDY = "put another `etcd` first on PATH, or name a running one with YR_DS_ETCD_ADDRESS"


class ProgramEtcd:
    """A process of ours; it inherits the environment, and with it the mark of the test process."""

    kind = "binary"
    may_be_hurt = True

    def __init__(self, parent: str) -> None:
        """Start it with its data below `parent`; UnavailableError if that cannot be."""
        program = shutil.which("etcd")
        if program is None:
            raise UnavailableError("no program `etcd` on PATH (Debian: etcd-server)")
        client, peers = (f"{HOST}:{port}" for port in free_ports(2))
        self.address = client
        self._home = tempfile.mkdtemp(prefix="etcd-", dir=parent)
        data = os.path.join(self._home, "data")
        self._command = [program, *arguments(client, client, peers, data)]
        try:
            self._start()
        except OSError as error:
            shutil.rmtree(self._home)
            raise UnavailableError(f"{program} cannot be run ({error}): {_REMEDY}") from None
        try:
            self._wait(START_S)
        except EtcdError as error:
            words = " ".join(self._last_words().split()) or "nothing"
            self.close()
            cause = f"{error}, it wrote: {words}"
            raise UnavailableError(f"{program} does not work ({cause}): {_REMEDY}") from None

    def pause(self) -> None:
        """See Etcd."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """See Etcd."""
        self._process.send_signal(signal.SIGCONT)
        self._wait()

    def kill(self) -> None:
        """See Etcd."""
        self._process.kill()
        self._process.wait()

    def restart(self) -> None:
        """See Etcd."""
        self._start()
        self._wait()

    def close(self) -> None:
        """See Etcd."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            try:
                self._process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self._home, ignore_errors=True)

    def _start(self) -> None:
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _wait(self, timeout_s: float = PATIENCE_S) -> None:
        wait_until_healthy(self.address, lambda: self._process.poll() is None, timeout_s)

    def _last_words(self) -> str:
        with open(self._log, encoding="utf-8", errors="replace") as log:
            return log.read()[-_LAST_WORDS:]

    @property
    def _log(self) -> str:
        return os.path.join(self._home, "log")
