"""Hostile peers: what they do ends their own connection, and nobody else notices."""

from __future__ import annotations

import contextlib
import glob
import os
import socket
import struct

import pytest
from started_worker import Started

from yr_fake_ds import codec, framing, protocol

HELLO = protocol.encode(protocol.Hello(version=protocol.VERSION, pid=1, client_id="c"))
GARBLED = {
    "http": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "noise": os.urandom(256),
    "huge-message": struct.pack("!4sIQ", framing.MAGIC, 2**31, 0),
    "huge-payload": struct.pack("!4sIQ", framing.MAGIC, len(HELLO), 2**60) + HELLO,
    "no-message": struct.pack("!4sIQ", framing.MAGIC, 5, 0) + b"\xc1\xc1\xc1\xc1\xc1",
    "unknown-type": struct.pack("!4sIQ", framing.MAGIC, 13, 0) + b"\x81\xa4type\xa6Nosuch",
}


def is_healthy(worker: Started) -> bool:
    """Ask the worker for its state on a fresh connection."""
    with socket.create_connection((worker.host, worker.port), 5) as sock:
        sock.settimeout(5)
        framing.send_frame(sock, protocol.encode(protocol.Inspect()))
        data, _payload = framing.receive_header(sock, 0)
        reply = codec.decode_reply(data)
        return isinstance(reply, protocol.Inspection) and reply.pid == worker.pid


def answer_to(worker: Started, garbled: bytes) -> bytes:
    """Send bytes and the end of the stream; return what comes back until the worker hangs up."""
    with socket.create_connection((worker.host, worker.port), 5) as sock:
        sock.settimeout(10)
        # The worker may hang up, and reset what it has not read, at any moment.
        with contextlib.suppress(OSError):
            sock.sendall(garbled)
            sock.shutdown(socket.SHUT_WR)
        try:
            return sock.recv(1)
        except ConnectionError:
            return b""


def test_garbled_bytes_end_the_connection(worker: Started) -> None:
    """The worker hangs up on everything that is not a message, and goes on serving others."""
    for name, garbled in GARBLED.items():
        assert answer_to(worker, garbled) == b"", name

        assert is_healthy(worker), name


def test_half_a_frame_hurts_nobody(worker: Started) -> None:
    """A peer that stops in the middle of a frame keeps only its own connection busy."""
    with socket.create_connection((worker.host, worker.port), 5) as sock:
        sock.sendall(struct.pack("!4sIQ", framing.MAGIC, 1000, 0) + b"half")

        assert is_healthy(worker)


def test_a_stranger_cannot_attach(worker: Started) -> None:
    """The Unix socket serves registered clients only."""
    (path,) = glob.glob(os.path.join(worker.home, "datasystem", "uds", "*", "client.sock"))
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(5)
        sock.connect(path)
        attach = protocol.Attach(client_id="nobody", want_arena=True)
        framing.send_frame(sock, protocol.encode(attach))

        with pytest.raises(framing.ClosedError):
            framing.receive_header(sock, 0, [])

    assert is_healthy(worker)


def test_another_protocol_version_is_refused(worker: Started) -> None:
    """A client of another version of the fake is told to install the same one."""
    with socket.create_connection((worker.host, worker.port), 5) as sock:
        sock.settimeout(5)
        hello = protocol.Hello(version=99, pid=1, client_id="c")
        framing.send_frame(sock, protocol.encode(hello))
        data, _payload = framing.receive_header(sock, 0)
        reply = codec.decode_reply(data)

    assert isinstance(reply, protocol.Failure)
    assert "install the same yr-fake-ds for both" in reply.message
