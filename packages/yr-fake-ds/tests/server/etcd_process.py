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

from yr_fake_ds.daemon.settings import WorkerSettings
from yr_fake_ds.membership.access import Access, access_of
from yr_fake_ds.membership.gateway import EtcdLostError, Gateway

PROGRAM = shutil.which("etcd")


class EtcdProcess:
    """A cluster of one."""

    def __init__(self, home: str, ports: tuple[int, int], certificate: str = "") -> None:
        """Plan it; with the path of a certificate, behind which is `.key`, it talks TLS only."""
        scheme = "https" if certificate else "http"
        self.address = f"127.0.0.1:{ports[0]}"
        client, peers = f"{scheme}://{self.address}", f"http://127.0.0.1:{ports[1]}"
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
        if certificate:
            files = {"cert": certificate, "key": f"{certificate}.key", "trusted-ca": certificate}
            self._command += [f"--{name}-file={path}" for name, path in files.items()]
        self.gateway = Gateway([self.address], access=access(certificate))

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


def access(certificate: str = "", **flags: str) -> Access:
    """Give what a worker with these flags comes with."""
    paths = (certificate, certificate, f"{certificate}.key" if certificate else "")
    files = dict(zip(("etcd_ca", "etcd_cert", "etcd_key"), paths, strict=True))
    given = {**files, **flags}
    return access_of(WorkerSettings(enable_etcd_auth=bool(certificate), **given))  # type: ignore[arg-type]


def make_certificate(directory: str) -> str:
    """Make one that is authority, server and client at once; gives its path."""
    if shutil.which("openssl") is None:
        pytest.skip("no program `openssl` on PATH")
    path = os.path.join(directory, "certificate")
    names = "subjectAltName=IP:127.0.0.1,DNS:etcd.test"
    new = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    rest = ["-subj", "/O=t", "-addext", names, "-out", path, "-keyout", f"{path}.key"]
    subprocess.run([*new, *rest], check=True, capture_output=True)
    return path


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
