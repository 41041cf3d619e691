"""An etcd of the tests' own, from the program on PATH; without one its tests are skipped."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator

import pytest
from started_worker import free_port

from yr_fake_ds.membership.gateway import EtcdLostError, Gateway

PROGRAM = shutil.which("etcd")


class EtcdProcess:
    """A cluster of one."""

    def __init__(self, home: str, ports: tuple[int, int]) -> None:
        client, peers = (f"http://127.0.0.1:{port}" for port in ports)
        self.address = client.removeprefix("http://")
        self._home = home
        self._command = [
            str(PROGRAM),
            "--name=t",
            f"--data-dir={home}/data",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peers}",
            f"--initial-advertise-peer-urls={peers}",
            f"--initial-cluster=t={peers}",
        ]
        self.gateway = Gateway([self.address])

    def start(self) -> None:
        """Start it, again after a kill, and wait until it serves."""
        with open(os.path.join(self._home, "log"), "ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        self.wait()

    def wait(self) -> None:
        """Wait until it can be written to."""
        deadline = time.monotonic() + 30
        while True:
            try:
                self.gateway.grant(60)
            except EtcdLostError:
                assert time.monotonic() < deadline, "etcd does not serve"
                time.sleep(0.05)
            else:
                return

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()


@pytest.fixture
def etcd() -> Iterator[EtcdProcess]:
    """An etcd that the test may hurt."""
    if PROGRAM is None:
        pytest.skip("no program `etcd` on PATH (Debian: etcd-server)")
    with tempfile.TemporaryDirectory(prefix="yre-", dir="/tmp") as home:
        process = EtcdProcess(home, (free_port(), free_port()))
        process.start()
        yield process
        process.kill()
