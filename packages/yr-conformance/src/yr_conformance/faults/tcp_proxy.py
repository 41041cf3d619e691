"""A TCP proxy on loopback that can be cut: a partition for whoever may not make namespaces.

worker --connects to--> proxy --> etcd or metastore        cut: nothing passes, nobody is told
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Callable

from yr_conformance.datasystem.worker import HOST

_CHUNK = 65536
_POLL_S = 0.05


class TcpProxy:
    """Forwards connections to one address, from its making until `close`."""

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._listener = socket.create_server((HOST, 0))
        self.port = int(self._listener.getsockname()[1])
        self._passes = threading.Event()
        self._passes.set()
        self._closed = threading.Event()
        self._threads: list[threading.Thread] = []
        self._begin(self._accept)

    @property
    def address(self) -> str:
        """Where to connect to instead."""
        return f"{HOST}:{self.port}"

    def cut(self) -> None:
        """Let nothing pass; connections stay open and bytes wait, as behind a pulled cable."""
        self._passes.clear()

    def heal(self) -> None:
        """Let everything pass again."""
        self._passes.set()

    def close(self) -> None:
        """End all connections."""
        self._closed.set()
        self._passes.set()
        # Who waits in accept or in recv looks up within a moment.
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _begin(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closed.is_set():
            if select.select([self._listener], [], [], _POLL_S)[0] and self._passes.is_set():
                client, _ = self._listener.accept()
                self._begin(self._forward, client)

    def _forward(self, client: socket.socket) -> None:
        with (
            client,
            contextlib.suppress(OSError),
            socket.create_connection(self._target) as server,
        ):
            self._exchange(client, server)

    def _exchange(self, client: socket.socket, server: socket.socket) -> None:
        others = {client: server, server: client}
        while not self._closed.is_set():
            readable, _, _ = select.select([client, server], [], [], _POLL_S)
            self._passes.wait()
            for one in readable:
                data = one.recv(_CHUNK)
                if not data:
                    return
                others[one].sendall(data)
