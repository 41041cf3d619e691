"""Fetching a value from another worker."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from typing import Final

from yr_fake_ds import framing, protocol

RETRY_PAUSE_S: Final = 0.05
CONNECT_TIMEOUT_S: Final = 1.0


class NoCopyError(Exception):
    """A worker that should have a copy has none, for example since it was restarted."""


def fetch(
    addresses: Sequence[str], key: str, version: int, destination: memoryview, deadline: float
) -> None:
    """Fill `destination` from the first worker that answers, retrying until `deadline`.

    OSError when none does, NoCopyError when all that answer have no copy.
    """
    while True:
        failures: list[Exception] = []
        for address in addresses:
            try:
                _fetch_from(address, key, version, destination, deadline)
            except (OSError, NoCopyError) as error:
                failures.append(error)
            else:
                return
        if all(isinstance(failure, NoCopyError) for failure in failures):
            raise NoCopyError(key)
        if time.monotonic() >= deadline:
            raise ConnectionError(f"no worker answers: {', '.join(addresses)}")
        time.sleep(RETRY_PAUSE_S)


def _fetch_from(
    address: str, key: str, version: int, destination: memoryview, deadline: float
) -> None:
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), CONNECT_TIMEOUT_S) as sock:
        sock.settimeout(max(deadline - time.monotonic(), RETRY_PAUSE_S))
        framing.send_frame(sock, protocol.encode(protocol.PeerGet(key=key, version=version)))
        data, size = framing.receive_header(sock, max_payload=destination.nbytes)
        reply = protocol.decode_reply(data)
        if not isinstance(reply, protocol.PeerValue) or size != destination.nbytes:
            raise NoCopyError(f"{key} at {address}")
        framing.receive_into(sock, destination)
