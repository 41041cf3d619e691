"""Fetching a value from another worker."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from typing import Final

from yr_fake_ds import codec, framing, protocol, texts
from yr_fake_ds.addresses import split_address
from yr_fake_ds.refusal import RefusedError

LEAST_TIMEOUT_S: Final = 0.05
CONNECT_TIMEOUT_S: Final = 1.0
NO_COPY: Final = texts.NO_COPY_EXISTS.fill()
BEING_WRITTEN: Final = texts.TRY_READ_LATCH.fill()


class NoCopyError(Exception):
    """No worker has a copy of this version: it was replaced, or the worker was restarted."""


class PeerRefusedError(Exception):
    """A worker has the value, for all that is known, and does not give it: its status and words."""

    def __init__(self, address: str, failure: protocol.Failure) -> None:
        super().__init__(f"the worker at {address} does not give it: {failure.message}")
        self.status = failure.status


def fetch(
    addresses: Sequence[str], key: str, version: int, destination: memoryview, deadline: float
) -> None:
    """Fill `destination` from the first worker that has the value.

    OSError when one does not answer by `deadline` (monotonic seconds), PeerRefusedError when one
    refuses to, NoCopyError when all that should have a copy have none, RefusedError while somebody
    latches it for writing there.
    """
    silent: list[OSError | PeerRefusedError] = []
    for address in addresses:
        try:
            _fetch_from(address, key, version, destination, deadline)
        except NoCopyError:
            continue
        except (OSError, PeerRefusedError) as error:
            silent.append(error)
        else:
            return
    if silent:
        raise silent[0]
    raise NoCopyError(key)


def _fetch_from(
    address: str, key: str, version: int, destination: memoryview, deadline: float
) -> None:
    with socket.create_connection(split_address(address), CONNECT_TIMEOUT_S) as sock:
        sock.settimeout(max(deadline - time.monotonic(), LEAST_TIMEOUT_S))
        framing.send_frame(sock, protocol.encode(protocol.PeerGet(key=key, version=version)))
        data, size = framing.receive_header(sock, max_payload=destination.nbytes)
        reply = codec.decode_reply(data)
        if isinstance(reply, protocol.Failure) and BEING_WRITTEN in reply.message:
            raise RefusedError(texts.TRY_READ_LATCH)
        if isinstance(reply, protocol.Failure) and NO_COPY not in reply.message:
            raise PeerRefusedError(address, reply)
        if not isinstance(reply, protocol.PeerValue) or size != destination.nbytes:
            raise NoCopyError(f"{key} at {address}")
        framing.receive_into(sock, destination)
