"""Frames: what is sent arrives, and nothing else is believed."""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yr_fake_ds import framing
from yr_fake_ds.framing import ClosedError, FramingError

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Two ends of a Unix socket."""
    left, right = socket.socketpair()
    right.settimeout(20)
    with left, right:
        yield left, right


def header(length: int, payload: int = 0, magic: bytes = framing.MAGIC) -> bytes:
    """Make the beginning of a frame."""
    return struct.pack("!4sIQ", magic, length, payload)


@given(st.binary(max_size=2000), st.lists(st.binary(max_size=2000), max_size=4))
def test_frames_come_as_they_went(message: bytes, payload: list[bytes]) -> None:
    """Message and payload arrive, and the next frame begins right behind them."""
    left, right = socket.socketpair()
    with left, right:
        framing.send_frame(left, message, payload)
        framing.send_frame(left, b"next")

        data, length = framing.receive_header(right)
        body = framing.receive_exactly(right, length)

        assert (data, bytes(body)) == (message, b"".join(payload))
        assert framing.receive_header(right) == (b"next", 0)


def test_a_large_payload_is_received_in_place(pair: Pair) -> None:
    """A payload larger than any socket buffer fills the destination."""
    left, right = pair
    content = os.urandom(3 * 2**20 + 5)

    def send() -> None:
        framing.send_frame(left, b"m", [content])
        left.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send)
    sender.start()

    _message, length = framing.receive_header(right)
    data = framing.receive_exactly(right, length)

    sender.join()
    assert data == content


def test_a_message_may_name_many_keys(pair: Pair) -> None:
    """Some thousand of them, each as long as can be."""
    left, right = pair
    message = os.urandom(2 * 2**20)
    sender = threading.Thread(target=framing.send_frame, args=(left, message))
    sender.start()

    assert framing.receive_header(right) == (message, 0)
    sender.join()


def test_a_descriptor_comes_along(pair: Pair) -> None:
    """A file descriptor sent with a frame is received where it is wanted."""
    left, right = pair
    mine, theirs = os.pipe()
    framing.send_frame(left, b"here", fd=theirs)
    os.close(theirs)
    received: list[int] = []

    assert framing.receive_header(right, fds=received) == (b"here", 0)

    os.write(received[0], b"x")
    os.close(received[0])
    assert os.read(mine, 2) == b"x"
    os.close(mine)


@pytest.mark.parametrize(
    "garbled",
    [
        header(4, magic=b"HTTP") + b"abcd",
        header(framing.MAX_MESSAGE + 1),
        header(4, payload=11) + b"abcd",
        header(4) + b"ab",
        header(4)[:7],
    ],
    ids=["magic", "huge-message", "huge-payload", "half-message", "half-header"],
)
def test_what_is_no_frame_is_refused(pair: Pair, garbled: bytes) -> None:
    """Wrong magic, sizes beyond the limits and broken-off frames are framing errors."""
    left, right = pair
    left.sendall(garbled)
    left.close()

    with pytest.raises(FramingError):
        framing.receive_header(right, max_payload=10)


def test_an_orderly_end_is_told_from_a_broken_one(pair: Pair) -> None:
    """The end between two frames is ClosedError."""
    left, right = pair
    left.close()

    with pytest.raises(ClosedError):
        framing.receive_header(right)


@pytest.mark.parametrize("begun", [b"", header(4), header(4) + b"ab"], ids=["none", "head", "half"])
def test_a_slow_peer_runs_out_of_time(pair: Pair, begun: bytes) -> None:
    """A frame that is not complete in time is a time-out, wherever the peer paused."""
    left, right = pair
    left.sendall(begun)

    with pytest.raises(TimeoutError):
        framing.receive_header(right, within_s=0.01)


def test_time_that_is_over_is_not_waited_for(pair: Pair) -> None:
    """With no time left nothing is read."""
    left, right = pair
    framing.send_frame(left, b"m")

    with pytest.raises(TimeoutError, match="too slow"):
        framing.receive_header(right, within_s=0)
