"""An etcd that does not let everybody in: it asks for a password, or for TLS, or for both."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any, Final

from yr_conformance.datasystem.worker import HOST, free_ports
from yr_conformance.etcd.certificates import Certificates
from yr_conformance.etcd.gateway import ask, encoded, keys_below
from yr_conformance.etcd.process import EtcdProcess
from yr_conformance.etcd.program import etcd_program
from yr_conformance.etcd.server import START_S, arguments

USER: Final = "workers"
"""May read and write all keys that begin with a slash."""
GUEST: Final = "guest"
"""May do nothing."""
PASSWORD: Final = "kept-by-heart"  # noqa: S105 - of users who exist for minutes
_ROOT: Final = "root"


def login(user: str = USER, password: str = PASSWORD) -> str:
    """Give the flags of a worker that logs in."""
    return f"--etcd_username {user} --etcd_password {password}"


class GuardedEtcd:
    """A cluster of one, of ours, by the program on PATH."""

    def __init__(
        self, parent: str, certificates: Certificates | None = None, server: str = "server"
    ) -> None:
        """Start it with its data below `parent`; UnavailableError without the program."""
        client, peers = (f"{HOST}:{port}" for port in free_ports(2))
        self.address = client
        self._token = ""
        self._context = certificates.context() if certificates else None
        program = etcd_program()
        self._process = EtcdProcess(client, parent, self._context)
        scheme = "https" if certificates else "http"
        words = arguments(client, client, peers, self._process.data, scheme=scheme)
        tls = certificates.of_server(server) if certificates else []
        with contextlib.ExitStack() as stack:
            stack.callback(self.close)
            self._process.start([program, *words, *tls])
            self._process.wait(START_S)
            stack.pop_all()

    def demand_passwords(self) -> None:
        """Let nobody in without one."""
        for name in (_ROOT, USER, GUEST):
            self._do("user/add", {"name": name, "password": PASSWORD})
        for name in (_ROOT, USER):
            self._do("role/add", {"name": name})
            self._do("user/grant", {"user": name, "role": name})
        everything = {"key": encoded("/"), "range_end": encoded("0")}
        permission = {"permType": "READWRITE", **everything}
        self._do("role/grant", {"name": USER, "perm": permission})
        self._do("enable", {})
        answer = self._do("authenticate", {"name": _ROOT, "password": PASSWORD})
        self._token = str(answer["token"])

    def everything(self) -> list[str]:
        """List all keys."""
        return keys_below(self.address, "/", self._token, self._context)

    def close(self) -> None:
        """End it and remove its data; any number of times."""
        self._process.close()

    def _do(self, call: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return ask(self.address, f"auth/{call}", body, context=self._context)
