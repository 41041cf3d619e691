r"""A listening socket that no peer can close for the others; one thread a connection.

    accept --> silent --first message understood--> introduced --> served until it ends
                 \--too many silent peers: the oldest is cut off

Used by the worker for its TCP and Unix sockets and by the directory for its own.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from typing import Final

Serve = Callable[[socket.socket, Callable[[], None]], None]
"""Serves one connection; calls its second argument once the peer has introduced itself."""

BACKLOG: Final = 512
MAX_SILENT: Final = 256
RETRY_PAUSE_S: Final = 0.05


class Listener:
    """Accepts for ever. What `serve` raises because of its peer ends that connection only."""

    def __init__(self, sock: socket.socket, serve: Serve, max_silent: int = MAX_SILENT) -> None:
        self._sock = sock
        self._serve = serve
        self._max_silent = max_silent
        self._lock = threading.Lock()
        self._silent: dict[socket.socket, None] = {}
        self._accepting = threading.Thread(target=self._accept, name="accept", daemon=True)

    def start(self) -> None:
        """Begin to accept, in a thread of its own."""
        self._sock.listen(BACKLOG)
        self._accepting.start()

    def close(self) -> None:
        """Accept no more; connections that exist go on."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()

    def join(self) -> None:
        """Wait after `close` until nothing more is accepted, a moment."""
        self._accepting.join()

    def _accept(self) -> None:
        while self._sock.fileno() >= 0:
            try:
                sock, _address = self._sock.accept()
                threading.Thread(target=self._guarded, args=(sock,), daemon=True).start()
            except (OSError, RuntimeError):
                # Closed, or out of descriptors or threads: it gets better when others leave.
                time.sleep(RETRY_PAUSE_S)

    def _guarded(self, sock: socket.socket) -> None:
        self._note(sock)
        try:
            # ValueError: msgspec's errors for messages that are none.
            with sock, contextlib.suppress(OSError, ValueError):
                self._serve(sock, lambda: self._forget(sock))
        finally:
            self._forget(sock)

    def _note(self, sock: socket.socket) -> None:
        with self._lock:
            self._silent[sock] = None
            if len(self._silent) <= self._max_silent:
                return
            oldest = next(iter(self._silent))
            del self._silent[oldest]
        with contextlib.suppress(OSError):
            oldest.shutdown(socket.SHUT_RDWR)

    def _forget(self, sock: socket.socket) -> None:
        with self._lock:
            self._silent.pop(sock, None)
