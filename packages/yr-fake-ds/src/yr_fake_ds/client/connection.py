"""One socket to a worker, with one request in flight at a time."""

import os
import socket
from collections.abc import Iterable
from typing import Any, TypeVar

from yr_fake_ds import codec, framing, protocol
from yr_fake_ds.errors import StatusError

Reply = TypeVar("Reply", bound=protocol.Message)


class UnexpectedReplyError(ConnectionError):
    """The worker answered with a message that does not belong to the request."""


class Connection:
    """Sends requests and receives their replies; used by one thread at a time.

    `ask` raises StatusError when the worker refuses, OSError (TimeoutError included) when it does
    not answer; after an OSError the connection is of no further use.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self.received_fds: list[int] = []

    def ask(
        self,
        request: protocol.Request,
        kind: type[Reply],
        timeout_s: float,
        payload: Iterable[framing.Bytes] = (),
    ) -> Reply:
        """Send `request` and return its reply, which must be of `kind`."""
        self._socket.settimeout(timeout_s)
        framing.send_frame(self._socket, protocol.encode(request), payload)
        reply = self._receive()
        if isinstance(reply, protocol.Failure):
            raise StatusError(reply.status, reply.message)
        if not isinstance(reply, kind):
            raise UnexpectedReplyError(f"{type(reply).__name__} instead of {kind.__name__}")
        return reply

    def close(self) -> None:
        """Close the socket, and descriptors that nobody took; idempotent."""
        self._socket.close()
        while self.received_fds:
            os.close(self.received_fds.pop())

    def _receive(self) -> Any:
        is_local = self._socket.family == socket.AF_UNIX
        fds = self.received_fds if is_local else None
        message, _length = framing.receive_header(self._socket, max_payload=0, fds=fds)
        return codec.decode_reply(message)


def connect_tcp(host: str, port: int, timeout_s: float) -> Connection:
    """Connect to a worker's address; OSError if nothing listens there."""
    sock = socket.create_connection((host, port), timeout_s)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Connection(sock)


def connect_unix(path: str, timeout_s: float) -> Connection:
    """Connect to a worker's Unix socket; OSError if the worker is gone."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(timeout_s)
    try:
        sock.connect(path)
    except OSError:
        sock.close()
        raise
    return Connection(sock)
