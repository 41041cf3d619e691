"""The requester's side: reads memory that a peer has registered."""

from __future__ import annotations

import contextlib
import select
import socket
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from yr_fake_ds.client import cann
from yr_fake_ds.errors import StatusError
from yr_fake_ds.framing import NoFrameError, receive_header, send_frame
from yr_fake_ds.transfer import messages, texts
from yr_fake_ds.transfer.endpoints import Endpoint
from yr_fake_ds.transfer.regions import Range
from yr_fake_ds.transfer.texts import answered, refusal

EVENT_TIMEOUT: Final = 507047
"""CANN's code for an event that did not come in time."""
NO_DEVICE_MEMORY: Final = 107016
"""CANN's code for an address that is none of a device."""

Reply = TypeVar("Reply", messages.Owner, messages.Lent, messages.Finished)


class Copy(NamedTuple):
    """What to read, and the address to write it to."""

    buffer: int
    source: Range


def read(peer: Endpoint, device: int, copies: Sequence[Copy], timeout_s: float) -> None:
    """Copy all of it, or raise EngineError; what comes before the part that fails is copied then.

    Changes the calling thread's device to `device`, as the real one does. No answer of the peer may
    take longer than `timeout_s`.
    """
    devices = _cann()
    with _connected(peer, timeout_s) as sock:
        _ask(sock, messages.Introduce(), messages.Owner, timeout_s)
        _prepare(devices, device)
        lent = _borrow(sock, [copy.source for copy in copies], timeout_s)
        for name, copy in zip(lent.names, copies, strict=False):
            _refuse_ended_loan(sock)
            _copy(devices, name, copy)
        _ask(sock, messages.Finished(), messages.Finished, timeout_s)
        if lent.refused:
            raise answered(lent.refused.code, lent.refused.message)


def _cann() -> cann.Cann:
    try:
        return cann.load()
    except StatusError:
        raise refusal(texts.WITHOUT_CANN) from None


def _prepare(devices: cann.Cann, device: int) -> None:
    if code := devices.context_code():
        raise refusal(texts.NO_CONTEXT, code=code)
    if code := devices.device_code(device):
        raise refusal(texts.NO_DEVICE, code=code)


def _borrow(sock: socket.socket, ranges: Sequence[Range], timeout_s: float) -> messages.Lent:
    names: list[str] = []
    for begin in range(0, len(ranges), messages.MAX_RANGES):
        part = [(each.address, each.length) for each in ranges[begin : begin + messages.MAX_RANGES]]
        lent = _ask(sock, messages.Read(part), messages.Lent, timeout_s)
        names += lent.names
        if lent.refused:
            return messages.Lent(names, lent.refused)
        if len(lent.names) != len(part):
            raise refusal(texts.OTHER_ANSWER)
    return messages.Lent(names)


def _refuse_ended_loan(sock: socket.socket) -> None:
    # Nothing is due here: what can be read is the end of the connection, and with it of the loan.
    if select.select([sock], [], [], 0)[0]:
        raise refusal(texts.NO_ANSWER)


def _copy(devices: cann.Cann, name: str, copy: Copy) -> None:
    with devices.opened(name) as source:
        if source is None:
            # The real one waits 10 s for what cannot be sent.
            raise refusal(texts.NOTHING_ARRIVED, code=EVENT_TIMEOUT)
        try:
            devices.copy(copy.buffer, source, copy.source.length, cann.DEVICE_TO_DEVICE)
        except StatusError:
            raise refusal(texts.NOTHING_ARRIVED, code=NO_DEVICE_MEMORY) from None


@contextlib.contextmanager
def _connected(peer: Endpoint, timeout_s: float) -> Iterator[socket.socket]:
    try:
        found = socket.getaddrinfo(peer.host, peer.port, socket.AF_INET, socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "Name or service not known"
        raise refusal(texts.UNKNOWN_HOST, reason=reason) from None
    sock = _first_connected([address for *_kind, address in found], timeout_s)
    with sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield sock


def _first_connected(addresses: Sequence[Any], timeout_s: float) -> socket.socket:
    for address in addresses:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.settimeout(timeout_s)
        try:
            sock.connect(address)
        except OSError:
            sock.close()
        else:
            return sock
    raise refusal(texts.CONNECT_FAILED)


def _ask(sock: socket.socket, ask: messages.Ask, kind: type[Reply], timeout_s: float) -> Reply:
    try:
        send_frame(sock, messages.encode(ask))
        message, _length = receive_header(sock, max_payload=0, within_s=timeout_s)
        answer = messages.decode_answer(message)
    except NoFrameError:
        raise refusal(texts.OTHER_PROTOCOL) from None
    except OSError:
        raise refusal(texts.NO_ANSWER) from None
    except ValueError:
        raise refusal(texts.OTHER_ANSWER) from None
    if isinstance(answer, messages.Refused):
        raise answered(answer.code, answer.message)
    if not isinstance(answer, kind):
        raise refusal(texts.OTHER_ANSWER)
    return answer
