"""An etcd of a test's own, with a user and with TLS if wanted, and the files that TLS needs."""

from __future__ import annotations

import contextlib
import http.client
import pathlib
import shutil
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from conftest import free_port, wait_until

from ray_ascend.backend.config import BackendConfig
from ray_ascend.backend.etcd_access import EtcdAccess, EtcdAnswer

USER, PASSWORD = "workers", "a secret=word"
ROOT = "root-secret"
_KEYS = {"key": "Lw==", "range_end": "MA=="}
"""All keys that begin with a slash."""


@dataclass(frozen=True)
class EtcdProcess:
    """A running etcd of one member."""

    address: str
    flags: Mapping[str, str] = field(default_factory=dict)
    """Of workers that use its TLS."""

    def config(self, **flags: str) -> BackendConfig:
        """Give settings for it, with these flags of the workers besides those for TLS."""
        arguments = {**self.flags, **flags}
        return BackendConfig(
            mode="etcd", etcd_address=self.address, worker_args=tuple(arguments.items())
        )

    def ask(self, call: str, body: Mapping[str, Any], **flags: str) -> EtcdAnswer:
        """Make one call as whoever the flags name."""
        return EtcdAccess.of(self.config(**flags)).post(self.address, call, body)

    def demand_passwords(self) -> None:
        """Let nobody in without one; `workers` may write everywhere, `guest` nowhere."""
        for name, password in (("root", ROOT), (USER, PASSWORD), ("guest", PASSWORD)):
            self._do("auth/user/add", {"name": name, "password": password})
        permission = {"permType": "READWRITE", **_KEYS}
        for role in ("root", USER):
            self._do("auth/role/add", {"name": role})
            self._do("auth/user/grant", {"user": role, "role": role})
        self._do("auth/role/grant", {"name": USER, "perm": permission})
        self._do("auth/enable", {})

    def _do(self, call: str, body: Mapping[str, Any]) -> None:
        answer = self.ask(call, body)
        assert not answer.problem, answer


@contextlib.contextmanager
def running_etcd(
    directory: pathlib.Path, certificates: pathlib.Path | None = None
) -> Iterator[EtcdProcess]:
    """Start one, with TLS if it is given certificates; skips where there is no program."""
    program = shutil.which("etcd")
    if program is None:
        pytest.skip("no program `etcd` on PATH (Debian: etcd-server)")
    scheme = "https" if certificates else "http"
    client, peers = (f"127.0.0.1:{free_port()}" for _ in range(2))
    command = [
        program,
        f"--data-dir={directory}/etcd",
        f"--listen-client-urls={scheme}://{client}",
        f"--advertise-client-urls={scheme}://{client}",
        f"--listen-peer-urls=http://{peers}",
        f"--initial-advertise-peer-urls=http://{peers}",
        f"--initial-cluster=default=http://{peers}",
        *(_tls_of(certificates) if certificates else ()),
    ]
    made = EtcdProcess(client, worker_flags(certificates) if certificates else {})
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: _is_healthy(made))
            yield made
        finally:
            process.kill()


def make_certificates(directory: pathlib.Path) -> pathlib.Path:
    """Make an authority, and by it a server and a client; `other-ca` made none of them."""
    if shutil.which("openssl") is None:
        pytest.skip("no program `openssl` on PATH")
    for name in ("ca", "other-ca"):
        _openssl(directory, "req -x509 -newkey rsa:2048 -nodes -days 2", name, f"-subj /CN={name}")
    for name, alternative in (("server", "IP:127.0.0.1,DNS:etcd.test"), ("client", "DNS:client")):
        (directory / "extensions").write_text(f"subjectAltName={alternative}\n")
        request = f"req -newkey rsa:2048 -nodes -subj /O={name} -keyout {name}.key -out request"
        sign = "x509 -req -in request -CA ca.crt -CAkey ca.key -CAcreateserial -days 2"
        _run(directory, request)
        _run(directory, f"{sign} -extfile extensions -out {name}.crt")
    _run(directory, "rsa -in client.key -aes256 -passout pass:word -out locked.key")
    (directory / "passphrase").write_text("word\n")
    return directory


def worker_flags(certificates: pathlib.Path) -> dict[str, str]:
    """Give the flags with which a worker uses TLS."""
    files = {"etcd_ca": "ca.crt", "etcd_cert": "client.crt", "etcd_key": "client.key"}
    paths = {flag: str(certificates / name) for flag, name in files.items()}
    return {"enable_etcd_auth": "true", **paths}


def _tls_of(certificates: pathlib.Path) -> list[str]:
    return [
        f"--cert-file={certificates}/server.crt",
        f"--key-file={certificates}/server.key",
        f"--trusted-ca-file={certificates}/ca.crt",
        "--client-cert-auth",
    ]


def _is_healthy(etcd: EtcdProcess) -> bool:
    with contextlib.suppress(OSError, ssl.SSLError, http.client.HTTPException):
        connection = EtcdAccess.of(etcd.config()).connect(etcd.address)
        with contextlib.closing(connection):
            connection.request("GET", "/health")
            return b"true" in connection.getresponse().read()
    return False


def _openssl(directory: pathlib.Path, command: str, name: str, more: str) -> None:
    _run(directory, f"{command} -keyout {name}.key -out {name}.crt {more}")


def _run(directory: pathlib.Path, command: str) -> None:
    subprocess.run(["openssl", *command.split()], cwd=directory, check=True, capture_output=True)
