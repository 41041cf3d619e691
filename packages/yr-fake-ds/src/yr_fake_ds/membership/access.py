"""With what a worker comes to its etcd: a user and a password, an authority and a certificate.

As measured on openyuanrong-datasystem 0.8.1: `--enable_etcd_auth true` is TLS and needs all of
`--etcd_ca`, `--etcd_cert` and `--etcd_key`; without it these count for nothing. A user without a
password, or the other way round, is none.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Final

from yr_fake_ds.daemon.settings import WorkerSettings

TLS_INCOMPLETE: Final = (
    "etcd get tls info failed. Detail: tls path is empty. read tls cert file failed"
)


class AccessError(Exception):
    """The files for TLS are not there, or not what they should be; the text says which."""


@dataclass(frozen=True)
class Access:
    """What every call to etcd needs; the empty one is for an etcd that lets everybody in."""

    user: str = ""
    password: str = field(default="", repr=False)
    server_name: str = ""
    """That the certificate is to have; "" for the address itself."""
    context: ssl.SSLContext | None = None

    @property
    def logs_in(self) -> bool:
        """Whether a user and a password are given."""
        return bool(self.user and self.password)


def access_of(settings: WorkerSettings) -> Access:
    """Read the flags, and the files that they name; AccessError if one cannot be used."""
    context = _context(settings) if settings.enable_etcd_auth else None
    return Access(
        settings.etcd_username, settings.etcd_password, settings.etcd_target_name_override, context
    )


def _context(settings: WorkerSettings) -> ssl.SSLContext:
    if not (settings.etcd_ca and settings.etcd_cert and settings.etcd_key):
        raise AccessError(TLS_INCOMPLETE)
    for path in (settings.etcd_ca, settings.etcd_cert, settings.etcd_key):
        _read(path)
    phrase = settings.etcd_passphrase_path
    passphrase = _read(phrase).decode(errors="replace").rstrip("\n") if phrase else ""
    try:
        context = ssl.create_default_context(cafile=settings.etcd_ca)
        context.load_cert_chain(settings.etcd_cert, settings.etcd_key, lambda: passphrase)
    except ssl.SSLError as error:
        raise AccessError(f"etcd get tls info failed. Detail: {error}") from error
    return context


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        text = f"Cannot open {path}, errno:{error.errno}, msg:{error.strerror}"
        raise AccessError(text) from error
