"""The listener: no peer and no shortage closes the door for the others."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from yr_fake_ds.listener import Listener, Serve

Listen = Callable[..., Callable[[], socket.socket]]


class Failing(socket.socket):
    """A listening socket whose first calls of `accept` fail, as when descriptors run out."""

    failures = 0

    def accept(self) -> tuple[socket.socket, object]:
        """Fail, or accept."""
        if self.failures:
            self.failures -= 1
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return super().accept()


def echo(sock: socket.socket, introduced: Callable[[], None]) -> None:
    """Serve: the first byte is the introduction, then everything comes back."""
    first = sock.recv(1)
    introduced()
    sock.sendall(first)
    while data := sock.recv(100):
        sock.sendall(data)


@pytest.fixture
def listen() -> Iterator[Listen]:
    """Start a listener; returns what connects to it."""
    with ExitStack() as stack:

        def start(serve: Serve = echo, failures: int = 0) -> Callable[[], socket.socket]:
            door = Failing(socket.AF_INET, socket.SOCK_STREAM)
            door.failures = failures
            door.bind(("127.0.0.1", 0))
            address = door.getsockname()
            listener = Listener(door, serve, max_silent=2)
            listener.start()
            stack.callback(listener.close)
            return lambda: stack.enter_context(socket.create_connection(address, 20))

        yield start


def answers(sock: socket.socket) -> bool:
    """Tell whether a byte comes back."""
    sock.sendall(b"x")
    return sock.recv(1) == b"x"


def test_connections_are_served_side_by_side(listen: Listen) -> None:
    """Several peers are served at the same time."""
    connect = listen()
    first, second = connect(), connect()

    assert answers(second)
    assert answers(first)
    assert answers(second)


def test_silent_peers_make_room(listen: Listen) -> None:
    """Of too many that say nothing the oldest is cut off; those that spoke stay."""
    connect = listen()
    known = connect()
    assert answers(known)
    silent = [connect() for _ in range(3)]

    assert silent[0].recv(1) == b""

    assert answers(silent[1])
    assert answers(known)


@pytest.mark.parametrize("error", [OSError, ValueError])
def test_what_a_peer_breaks_is_its_own_connection(listen: Listen, error: type[Exception]) -> None:
    """An error while one connection is served ends that one only."""

    def serve(sock: socket.socket, introduced: Callable[[], None]) -> None:
        if sock.recv(1) == b"!":
            raise error
        sock.sendall(b"x")

    connect = listen(serve)
    bad, good = connect(), connect()
    bad.sendall(b"!")

    assert bad.recv(1) == b""
    assert answers(good)


def test_a_shortage_does_not_close_the_door(listen: Listen) -> None:
    """When `accept` fails the listener tries again."""
    connect = listen(failures=2)

    assert answers(connect())
