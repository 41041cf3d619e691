"""Where a client connects and how long it waits; validated when `init` is called, not before."""

import os
from typing import Final, NamedTuple

from yr_fake_ds import texts
from yr_fake_ds.addresses import MAX_PORT
from yr_fake_ds.client.keys import refuse

MIN_CONNECT_TIMEOUT_MS: Final = 500


class ConnectOptions(NamedTuple):
    """The arguments of a client's constructor that matter here; times in milliseconds.

    An empty host is looked up in DATASYSTEM_HOST and DATASYSTEM_PORT; a request timeout of 0 means
    the connect timeout (both measured on openyuanrong-datasystem 0.8.1).
    """

    host: str
    port: int
    connect_timeout_ms: int
    request_timeout_ms: int
    tenant: str = ""

    def validated(self) -> "ConnectOptions":
        """Return the options with nothing left open; StatusError as `init` gives it."""
        if self.connect_timeout_ms < 0:
            raise refuse(texts.CONNECT_TIMEOUT_NEGATIVE)
        host, port = self._address()
        if self.connect_timeout_ms < MIN_CONNECT_TIMEOUT_MS:
            raise refuse(texts.CONNECT_TIMEOUT_TOO_SMALL, timeout_ms=self.connect_timeout_ms)
        if self.request_timeout_ms < 0:
            raise refuse(texts.REQUEST_TIMEOUT_NEGATIVE, timeout_ms=self.request_timeout_ms)
        timeout_ms = self.request_timeout_ms or self.connect_timeout_ms
        return self._replace(host=host, port=port, request_timeout_ms=timeout_ms)

    def _address(self) -> tuple[str, int]:
        host, port = self.host, self.port
        if not host:
            host, port = os.environ.get("DATASYSTEM_HOST", ""), _environment_port()
        if not host:
            raise refuse(texts.NO_ADDRESS)
        if not 0 < port <= MAX_PORT or not _resolves(host, port):
            raise refuse(texts.BAD_ADDRESS, host=host, port=port if port > 0 else -1)
        return host, port


def _environment_port() -> int:
    text = os.environ.get("DATASYSTEM_PORT", "")
    return int(text) if text.isdecimal() else 0


def _resolves(host: str, port: int) -> bool:
    import socket

    try:
        socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return True
