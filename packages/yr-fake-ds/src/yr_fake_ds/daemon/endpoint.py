"""What a worker process is bound to: its address, and the signals that end it."""

from __future__ import annotations

import signal
import socket
from typing import Final

from yr_fake_ds.addresses import family_of, split_address
from yr_fake_ds.listener import BACKLOG

END_SIGNALS: Final = frozenset({signal.SIGTERM, signal.SIGINT})


class StartError(Exception):
    """The worker cannot start; the text says why."""


def listen_at(address: str) -> socket.socket:
    """Listen on host:port; StartError in the released worker's words if that is impossible."""
    host, port = split_address(address)
    sock = socket.socket(family_of(host), socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(BACKLOG)
    except OSError as error:
        reason = f"bind to tcp://{address} unsuccessful: {error.strerror}"
        raise StartError(reason) from error
    return sock
