"""Frames: one typed message and, behind it, raw bytes that are never parsed.

    | "YRF1" | message length u32 | payload length u64 | message (msgpack) | payload |

Lengths are checked before anything is allocated, so a garbled or hostile peer costs its own
connection and nothing else. Blocking sockets; one frame at a time in each direction.
"""

from __future__ import annotations

import array
import socket
import struct
import time
from collections.abc import Iterable
from typing import Final, TypeAlias

MAGIC: Final = b"YRF1"
MAX_MESSAGE: Final = 16 * 2**20
MAX_PAYLOAD: Final = 2**40
ABSURD_RESERVE: Final = 2**20
"""How much is allocated at once for a payload that has only been announced."""

_HEADER: Final = struct.Struct("!4sIQ")
Bytes: TypeAlias = "bytes | bytearray | memoryview"


class FramingError(ConnectionError):
    """The peer does not speak this protocol, or broke off in the middle of a frame."""


class NoFrameError(FramingError):
    """What the peer sent does not begin as a frame does."""


class ClosedError(ConnectionError):
    """The peer closed the connection between two frames."""


def send_frame(
    sock: socket.socket, message: bytes, payload: Iterable[Bytes] = (), fd: int | None = None
) -> None:
    """Send one frame, with a file descriptor as ancillary data on a Unix socket."""
    parts = [memoryview(part).cast("B") for part in payload]
    head = _HEADER.pack(MAGIC, len(message), sum(part.nbytes for part in parts)) + message
    if fd is None:
        sock.sendall(head)
    else:
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))]
        sent = sock.sendmsg([head], rights)
        sock.sendall(head[sent:])
    for part in parts:
        sock.sendall(part)


def receive_header(
    sock: socket.socket,
    max_payload: int = MAX_PAYLOAD,
    fds: list[int] | None = None,
    within_s: float | None = None,
) -> tuple[bytes, int]:
    """Receive a message and the length of the payload that the caller must read next.

    Raises ClosedError at the end of the stream, FramingError for anything that is not a frame,
    TimeoutError if it is not there after `within_s`, however slowly it comes (the socket keeps a
    time-out then). File descriptors that come along are appended to `fds`; without it none is
    accepted.
    """
    deadline = None if within_s is None else time.monotonic() + within_s
    _limit(sock, deadline)
    head = _receive_start(sock, fds, deadline)
    magic, length, payload = _HEADER.unpack(head)
    if magic != MAGIC:
        raise NoFrameError(f"not a frame: it begins with {magic!r} instead of {MAGIC!r}")
    if length > MAX_MESSAGE or payload > max_payload:
        raise FramingError(f"refused a frame of {length} + {payload} bytes")
    return bytes(receive_exactly(sock, length, deadline)), payload


def receive_exactly(sock: socket.socket, length: int, deadline: float | None = None) -> bytearray:
    """Receive so many bytes, growing with what really arrives."""
    data = bytearray()
    while len(data) < length:
        begin = len(data)
        data.extend(bytes(min(length - begin, ABSURD_RESERVE)))
        with memoryview(data) as view:
            receive_into(sock, view[begin:], deadline)
    return data


def receive_into(
    sock: socket.socket, destination: memoryview, deadline: float | None = None
) -> None:
    """Fill a writable buffer from the stream; TimeoutError at `deadline` (monotonic seconds)."""
    with destination.cast("B") as view:
        done = 0
        while done < view.nbytes:
            _limit(sock, deadline)
            count = sock.recv_into(view[done:])
            if not count:
                raise FramingError(f"the peer broke off after {done} of {view.nbytes} bytes")
            done += count


def _receive_start(sock: socket.socket, fds: list[int] | None, deadline: float | None) -> bytes:
    if fds is None:
        first = sock.recv(_HEADER.size)
    else:
        first, received, _flags, _address = socket.recv_fds(sock, _HEADER.size, 1)
        fds.extend(received)
    if not first:
        raise ClosedError("the peer closed the connection")
    rest = _HEADER.size - len(first)
    return first + bytes(receive_exactly(sock, rest, deadline)) if rest else first


def _limit(sock: socket.socket, deadline: float | None) -> None:
    if deadline is None:
        return
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise TimeoutError("the peer is too slow")
    sock.settimeout(remaining)
