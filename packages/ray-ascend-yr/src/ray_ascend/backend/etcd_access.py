"""How this package asks an etcd: with the certificates and the user that its workers are given.

    YR_DS_WORKER_ARGS --of()--> EtcdAccess --connect, post--> JSON gateway of a member (etcd 3.4 on)

The workers' flags, as measured on openyuanrong-datasystem 0.8.1: `--enable_etcd_auth true` is TLS,
and needs files of PEM in `--etcd_ca`, `--etcd_cert` and `--etcd_key`, whose passphrase is in a
file; `--etcd_target_name_override` is the name that the certificate is to have. Without a user or
without a password the workers name neither.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ray_ascend.backend.config import (
    CERTIFICATES,
    ENABLE_TLS,
    PASSPHRASE_PATH,
    PASSWORD,
    SERVER_NAME,
    USER,
    BackendConfig,
    is_true,
)

PATIENCE_S = 3.0


@dataclass(frozen=True)
class EtcdAnswer:
    """What a member said to one call: fields, or why not, in its own words."""

    status: int
    fields: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""

    @property
    def is_refusal(self) -> bool:
        """Whether etcd itself refused: not the gateway, and not for want of a leader."""
        return bool(self.problem) and 400 <= self.status < 500 and self.status != 404


@dataclass(frozen=True)
class EtcdAccess:
    """The way to all members; used by whoever needs to ask, in any process."""

    user: str = ""
    password: str = field(default="", repr=False)
    server_name: str = ""
    context: ssl.SSLContext | None = None
    """None for an etcd without TLS."""

    @classmethod
    def of(cls, config: BackendConfig) -> EtcdAccess:
        """Read the flags, and the files that they name; OSError (also ssl.SSLError) if none is."""
        flags = dict(config.worker_args)
        user, password = flags.get(USER, ""), flags.get(PASSWORD, "")
        context = _context(flags) if is_true(flags.get(ENABLE_TLS, "")) else None
        return cls(user, password, flags.get(SERVER_NAME, ""), context)

    def connect(self, member: str) -> http.client.HTTPConnection:
        """Connect to HOST:PORT, in seconds; OSError (also ssl.SSLError) if that fails."""
        host, _, port = member.rpartition(":")
        host = host.strip("[]")
        connection = http.client.HTTPConnection(member, timeout=PATIENCE_S)
        connection.sock = socket.create_connection((host, int(port)), PATIENCE_S)
        if self.context is not None:
            with _closed_on_error(connection):
                name = self.server_name or host
                connection.sock = _secured(connection.sock, self.context, name)
        return connection

    def post(self, member: str, call: str, body: Mapping[str, Any]) -> EtcdAnswer:
        """Make one call, as the user if there is one; OSError or HTTPException if none answers."""
        token = ""
        if self.user and self.password:
            login = {"name": self.user, "password": self.password}
            answer = self._post(member, "auth/authenticate", login, "")
            if answer.problem:
                return answer
            token = str(answer.fields.get("token", ""))
        return self._post(member, call, body, token)

    def _post(self, member: str, call: str, body: Mapping[str, Any], token: str) -> EtcdAnswer:
        with contextlib.closing(self.connect(member)) as connection:
            headers = {"Authorization": token} if token else {}
            connection.request("POST", f"/v3/{call}", json.dumps(body), headers)
            response = connection.getresponse()
            return _answer(response.status, response.read())


def _context(flags: Mapping[str, str]) -> ssl.SSLContext:
    ca, certificate, key = (flags[name] for name in CERTIFICATES)
    for path in (ca, certificate, key):
        # The module ssl does not say which file it was.
        with open(path, "rb"):
            pass
    passphrase = ""
    if path := flags.get(PASSPHRASE_PATH, ""):
        with open(path, encoding="utf-8") as file:
            passphrase = file.read().rstrip("\n")
    context = ssl.create_default_context(cafile=ca)
    context.load_cert_chain(certificate, key, lambda: passphrase)
    return context


def _answer(status: int, text: bytes) -> EtcdAnswer:
    """Read an answer; what is no JSON does not come from etcd itself."""
    try:
        fields = json.loads(text)
    except ValueError:
        return EtcdAnswer(502, problem=text.decode(errors="replace").strip() or f"HTTP {status}")
    if status == http.client.OK:
        return EtcdAnswer(status, fields)
    return EtcdAnswer(status, problem=str(fields.get("message") or fields.get("error") or fields))


def _secured(sock: socket.socket, context: ssl.SSLContext, name: str) -> ssl.SSLSocket:
    """Shake hands; who hangs up meanwhile has been reached, and does not talk TLS.

    Whether that is seen as an end or as a reset depends on how much it had read by then (etcd 3.4).
    """
    try:
        return context.wrap_socket(sock, server_hostname=name)
    except ConnectionError as error:
        raise ssl.SSLEOFError(ssl.SSL_ERROR_EOF, f"the handshake ends: {error}") from error


@contextlib.contextmanager
def _closed_on_error(connection: http.client.HTTPConnection) -> Any:
    try:
        yield
    except BaseException:
        connection.close()
        raise
