"""The raw bytes behind a request: read by its handler, else skipped."""

from __future__ import annotations

import socket

from yr_fake_ds import framing


class Payload:
    """What is still to be read of one request; used by the thread that serves it."""

    def __init__(self, sock: socket.socket, size: int) -> None:
        self._sock = sock
        self.size = size
        self.remaining = size

    def read_into(self, destination: memoryview) -> None:
        """Take the next bytes; FramingError when the peer announced fewer."""
        if destination.nbytes > self.remaining:
            raise framing.FramingError("the payload is shorter than its items")
        framing.receive_into(self._sock, destination)
        self.remaining -= destination.nbytes

    def skip(self) -> None:
        """Read what nobody took, so that the next frame begins where it should."""
        while self.remaining:
            size = min(self.remaining, framing.ABSURD_RESERVE)
            framing.receive_exactly(self._sock, size)
            self.remaining -= size
