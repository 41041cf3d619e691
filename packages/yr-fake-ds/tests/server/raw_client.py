"""A client that speaks the protocol itself, for tests of what the SDK would never send."""

from __future__ import annotations

import contextlib
import os
import socket
import uuid
from collections.abc import Callable, Iterable, Iterator
from mmap import mmap
from typing import Any

import pytest

from yr_fake_ds import codec, framing, protocol
from yr_fake_ds.protocol import Created, Got, Item, Parameters, Request, Slot

TIMEOUT_S = 20
PLAIN = Parameters(1, 0, 0, 0)

Connect = Callable[..., "RawClient"]


class RefusedClientError(Exception):
    """The worker refused the registration; holds the Failure."""


def ask(sock: socket.socket, request: Request, payload: Iterable[bytes] = ()) -> Any:
    """Send one request and return its reply, a Failure included."""
    framing.send_frame(sock, protocol.encode(request), payload)
    data, _length = framing.receive_header(sock, 2**30)
    return codec.decode_reply(data)


class RawClient:
    """One registration and one Unix socket at a worker."""

    def __init__(self, port: int, client_id: str = "") -> None:
        self.id = client_id or str(uuid.uuid4())
        self.registration = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
        hello = protocol.Hello(version=protocol.VERSION, pid=os.getpid(), client_id=self.id)
        self.welcome = ask(self.registration, hello)
        if isinstance(self.welcome, protocol.Failure):
            self.registration.close()
            raise RefusedClientError(self.welcome)
        self.socket, arena_fd = self.attach()
        self.arena = mmap(arena_fd, self.welcome.arena_bytes)
        os.close(arena_fd)

    def attach(self) -> tuple[socket.socket, int]:
        """Open one more Unix socket and return it with the arena's descriptor."""
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(TIMEOUT_S)
        sock.connect(self.welcome.socket_path)
        request = protocol.Attach(client_id=self.id, want_arena=True)
        framing.send_frame(sock, protocol.encode(request))
        fds: list[int] = []
        framing.receive_header(sock, 0, fds)
        return sock, fds[0]

    def ask(self, request: Request, payload: Iterable[bytes] = ()) -> Any:
        """Make one request on the Unix socket."""
        return ask(self.socket, request, payload)

    def create(self, *sizes: int, timeout_ms: int = 0) -> list[Slot]:
        """Reserve memory that must be there."""
        keys = [f"created-{index}" for index in range(len(sizes))]
        request = protocol.Create(
            keys=keys, sizes=list(sizes), parameters=PLAIN, timeout_ms=timeout_ms
        )
        reply = self.ask(request)
        assert isinstance(reply, Created), reply
        return reply.slots

    def put(self, key: str, value: bytes) -> Any:
        """Publish a value inline."""
        return self.publish([Item(key, len(value))], [value])

    def publish(self, items: list[Item], payload: Iterable[bytes] = ()) -> Any:
        """Publish as `set` does."""
        request = protocol.Publish(call="set", items=items, parameters=PLAIN, timeout_ms=1000)
        return self.ask(request, payload)

    def get(self, *keys: str, wait_ms: int = 0) -> list[Slot | None]:
        """Take references on values of which one must exist."""
        reply = self.ask(protocol.Get(keys=list(keys), wait_ms=wait_ms, timeout_ms=1000))
        assert isinstance(reply, Got), reply
        return reply.slots

    def read(self, slot: Slot | None) -> bytes:
        """Return the bytes of a slot."""
        assert slot is not None
        return self.arena[slot.offset : slot.offset + slot.size]

    def say_goodbye(self) -> None:
        """Leave in order."""
        assert ask(self.registration, protocol.Goodbye()) == protocol.Done()

    def vanish(self) -> None:
        """Close everything without a word."""
        self.registration.close()
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.arena.close()


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Make clients of a worker, given its port, that are gone at the end."""
    with contextlib.ExitStack() as clients:

        def make(port: int, client_id: str = "") -> RawClient:
            client = RawClient(port, client_id)
            clients.callback(client.vanish)
            return client

        yield make


def inspect(port: int) -> protocol.Inspection:
    """Ask a worker what it holds."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as sock:
        reply = ask(sock, protocol.Inspect(journal=True))
        assert isinstance(reply, protocol.Inspection), reply
        return reply
