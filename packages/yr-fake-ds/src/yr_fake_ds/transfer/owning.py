"""The owner's side: a server in the process that lends registered memory to peers.

Listens where the engine is told to, on IPv4 as the real one, and serves the processes of its own
machine only, since it checks no identity.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import threading
from collections.abc import Callable
from typing import Final

from yr_fake_ds.admission import ALLOW_REMOTE, is_of_this_machine
from yr_fake_ds.client import cann
from yr_fake_ds.errors import StatusError
from yr_fake_ds.framing import receive_header, send_frame
from yr_fake_ds.listener import Listener
from yr_fake_ds.transfer import messages, patience, texts
from yr_fake_ds.transfer.endpoints import Endpoint
from yr_fake_ds.transfer.regions import Loan, Range, Regions
from yr_fake_ds.transfer.texts import EngineError, refusal

ANY_ADDRESS: Final = frozenset({"0.0.0.0", "*"})


class MemoryServer:
    """Serves one engine between `start` and `stop`; a thread for each peer that reads."""

    def __init__(self, endpoint: Endpoint, regions: Regions, device: int) -> None:
        self._regions = regions
        self._device = device
        self._socket = _bound(endpoint)
        self._listener = Listener(self._socket, self._serve)
        self._lock = threading.Lock()
        self._served: dict[threading.Thread, socket.socket] = {}
        self._stopping = False

    def start(self) -> None:
        """Begin to serve."""
        self._listener.start()

    def stop(self) -> None:
        """Close the port, let peers finish what they read, and end every thread."""
        self._listener.close()
        self._listener.join()
        with self._lock:
            self._stopping = True
        self._regions.wait_until_returned()
        for thread, sock in self._all_served().items():
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            thread.join()

    def is_served_by(self, thread: threading.Thread) -> bool:
        """Tell whether a thread is one of the server's, which cannot wait for its own end."""
        return thread in self._all_served()

    def abandon(self) -> None:
        """Close the sockets in a forked child, which has none of the threads."""
        self._socket.close()
        for sock in list(self._served.values()):
            sock.close()

    def _all_served(self) -> dict[threading.Thread, socket.socket]:
        with self._lock:
            return dict(self._served)

    def _serve(self, sock: socket.socket, introduced: Callable[[], None]) -> None:
        thread = threading.current_thread()
        with self._lock:
            if self._stopping:
                return
            # A thread stays until it has ended, so that `stop` waits for its last moment too.
            ended = [other for other in self._served if not other.is_alive()]
            for other in ended:
                del self._served[other]
            self._served[thread] = sock
        try:
            self._answer(sock, introduced)
        except EngineError as error:
            _send(sock, _refused(error))

    def _answer(self, sock: socket.socket, introduced: Callable[[], None]) -> None:
        if not isinstance(_receive(sock), messages.Introduce):
            return
        introduced()
        _admit(sock)
        self._use_device()
        _send(sock, messages.Owner(self._device))
        with contextlib.ExitStack() as loans:
            while isinstance(request := _receive(sock), messages.Read):
                ranges = [Range(*part) for part in request.ranges]
                loan = loans.enter_context(self._regions.lent(ranges, self._device))
                _send(sock, _lent(loan))
            # Before the loans end: who waits for them may close the connection then.
            if isinstance(request, messages.Finished):
                _send(sock, messages.Finished())

    def _use_device(self) -> None:
        try:
            cann.load().use_device(self._device)
        except StatusError:
            # The real one's requester waits for it 30 s and says this then.
            raise refusal(texts.OWNER_NOT_READY) from None


def _bound(endpoint: Endpoint) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((_ipv4(endpoint.host), endpoint.port))
        sock.listen()
    except OSError:
        sock.close()
        raise refusal(texts.BIND_FAILED) from None
    except EngineError:
        sock.close()
        raise
    return sock


def _ipv4(host: str) -> str:
    if host in ANY_ADDRESS:
        return ""
    try:
        return str(ipaddress.IPv4Address(host))
    except ValueError:
        raise refusal(texts.HOST_NO_IPV4) from None


def _admit(sock: socket.socket) -> None:
    peer = str(sock.getpeername()[0])
    if os.environ.get(ALLOW_REMOTE) != "1" and not is_of_this_machine(peer):
        raise refusal(texts.STRANGER, peer=peer, variable=ALLOW_REMOTE)


def _lent(loan: Loan) -> messages.Lent:
    names = [cann.load().export(part.address, part.length) for part in loan.ranges]
    return messages.Lent(names, _refused(loan.refusal) if loan.refusal else None)


def _refused(error: EngineError) -> messages.Refused:
    return messages.Refused(error.code, error.message)


def _receive(sock: socket.socket) -> messages.Ask:
    message, _length = receive_header(sock, max_payload=0, within_s=patience.transfer_timeout_s())
    return messages.decode_ask(message)


def _send(sock: socket.socket, answer: messages.Answer) -> None:
    send_frame(sock, messages.encode(answer))
