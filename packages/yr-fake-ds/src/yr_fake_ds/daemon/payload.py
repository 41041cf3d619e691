"""The raw bytes behind a request: read by its handler, else skipped."""

from __future__ import annotations

import socket
from collections.abc import Sequence

from yr_fake_ds import framing
from yr_fake_ds.protocol import Item


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

    def pass_over(self, size: int) -> None:
        """Read some of it for nobody."""
        size = min(size, self.remaining)
        self.remaining -= size
        while size:
            part = min(size, framing.ABSURD_RESERVE)
            framing.receive_exactly(self._sock, part)
            size -= part

    def skip(self) -> None:
        """Read what nobody took, so that the next frame begins where it should."""
        self.pass_over(self.remaining)


class PartialPayload:
    """The payload of a publication from which the fault plan took items."""

    def __init__(self, payload: Payload, all_items: Sequence[Item], kept: Sequence[Item]) -> None:
        self._payload = payload
        inline = [item for item in all_items if item.slot_id is None]
        self._items = iter([(item.size, item in kept) for item in inline])

    def read_into(self, destination: memoryview) -> None:
        """Take the bytes of the next item that was kept."""
        for size, is_kept in self._items:
            if is_kept:
                self._payload.read_into(destination)
                return
            self._payload.pass_over(size)
