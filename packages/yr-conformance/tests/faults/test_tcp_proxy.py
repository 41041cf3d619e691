"""The proxy that makes a partition."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from yr_conformance.faults.tcp_proxy import TcpProxy

MOMENT_S = 0.3


@pytest.fixture
def proxy() -> Iterator[TcpProxy]:
    """A proxy in front of a server that sends back what it receives."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_echo, args=(server,), daemon=True).start()
        address = f"127.0.0.1:{server.getsockname()[1]}"
        with contextlib.closing(TcpProxy(address)) as made:
            yield made


def test_everything_passes(proxy: TcpProxy) -> None:
    """What is sent comes to the server and its answer back."""
    with _connected(proxy) as client:
        client.sendall(b"hello")

        assert client.recv(5) == b"hello"


def test_nothing_passes_a_cut(proxy: TcpProxy) -> None:
    """During a cut no answer comes and no error; after it the bytes are there."""
    with _connected(proxy) as client:
        client.sendall(b"one")
        assert client.recv(3) == b"one"

        proxy.cut()
        client.sendall(b"two")
        client.settimeout(MOMENT_S)
        with pytest.raises(TimeoutError):
            client.recv(3)

        proxy.heal()
        client.settimeout(5)
        assert client.recv(3) == b"two"


def test_closing_ends_connections(proxy: TcpProxy) -> None:
    """After `close` a connection is at its end, and no new one is accepted."""
    with _connected(proxy) as client:
        client.sendall(b"one")
        assert client.recv(3) == b"one"

        proxy.close()

        assert client.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        _connected(proxy)


def _connected(proxy: TcpProxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=5)


def _echo(server: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            client, _ = server.accept()
            threading.Thread(target=_echo_one, args=(client,), daemon=True).start()


def _echo_one(client: socket.socket) -> None:
    with client, contextlib.suppress(OSError):
        while data := client.recv(1024):
            client.sendall(data)
