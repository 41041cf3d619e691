"""Files for TLS, made by the program `openssl`: an authority, what it signed, and a stranger."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
from typing import Final

from yr_conformance.etcd.errors import UnavailableError

NAME: Final = "etcd.conformance"
"""The only name in the certificate of `named`, which has no address."""
_PASSPHRASE: Final = "open sesame"  # noqa: S105 - of a key that lives for minutes
_SIGNED: Final = {
    "server": "IP:127.0.0.1",
    "named": f"DNS:{NAME}",
    "client": "DNS:client.conformance",
}


class Certificates:
    """A directory with pairs of NAME.crt and NAME.key, all of PEM."""

    def __init__(self, directory: str) -> None:
        """Make them there; UnavailableError without the program."""
        if shutil.which("openssl") is None:
            raise UnavailableError("no program `openssl` on PATH")
        self._directory = directory
        for authority in ("ca", "stranger"):
            words = ["-days", "2", "-subj", f"/O={authority}", "-out", f"{authority}.crt"]
            self._openssl(*_NEW_KEY, f"{authority}.key", "-x509", *words)
        for name, alternative in _SIGNED.items():
            self._sign(name, alternative)
        encrypt = ["-aes256", "-passout", f"pass:{_PASSPHRASE}", "-out", "locked.key"]
        self._openssl("rsa", "-in", "client.key", *encrypt)
        with open(self.path("passphrase"), "w", encoding="utf-8") as file:
            file.write(f"{_PASSPHRASE}\n")

    def path(self, name: str) -> str:
        """Give where a file is."""
        return os.path.join(self._directory, name)

    def flags(self, **others: str) -> str:
        """Give the flags of a worker that uses TLS; a flag may name another file."""
        files = {"etcd_ca": "ca.crt", "etcd_cert": "client.crt", "etcd_key": "client.key", **others}
        words = [f"--{flag} {self.path(name)}" for flag, name in files.items()]
        return " ".join(["--enable_etcd_auth true", *words])

    def context(self) -> ssl.SSLContext:
        """Give what a client of the test process needs; any name will do."""
        context = ssl.create_default_context(cafile=self.path("ca.crt"))
        context.check_hostname = False
        context.load_cert_chain(self.path("client.crt"), self.path("client.key"))
        return context

    def of_server(self, name: str) -> list[str]:
        """Give the flags of an etcd with that certificate, which asks clients for theirs."""
        return [
            f"--cert-file={self.path(f'{name}.crt')}",
            f"--key-file={self.path(f'{name}.key')}",
            f"--trusted-ca-file={self.path('ca.crt')}",
            "--client-cert-auth",
        ]

    def _sign(self, name: str, alternative: str) -> None:
        with open(self.path("extensions"), "w", encoding="utf-8") as file:
            file.write(f"subjectAltName={alternative}\n")
        # Without a common name: etcd would take that for a user.
        self._openssl(*_NEW_KEY, f"{name}.key", "-subj", f"/O={name}", "-out", "request")
        authority = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"]
        words = ["-days", "2", "-extfile", "extensions", "-out", f"{name}.crt"]
        self._openssl("x509", "-req", "-in", "request", *authority, *words)

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self._directory, check=True, capture_output=True)


_NEW_KEY: Final = ("req", "-newkey", "rsa:2048", "-nodes", "-keyout")
