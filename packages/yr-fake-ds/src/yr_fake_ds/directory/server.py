"""The directory's door for other workers: the metastore address of the head worker."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any, Final

from yr_fake_ds import framing
from yr_fake_ds.directory import messages
from yr_fake_ds.directory.service import DirectoryService
from yr_fake_ds.protocol import encode
from yr_fake_ds.refusal import RefusedError

NOTICE_TIMEOUT_S: Final = 5.0


class DirectoryServer:
    """Serves one connection a thread; a peer that breaks the protocol loses its connection."""

    def __init__(self, service: DirectoryService, listener: socket.socket) -> None:
        self._service = service
        self._listener = listener

    def start(self) -> None:
        """Begin to accept, in a thread of its own."""
        threading.Thread(target=self._accept, name="directory", daemon=True).start()

    def _accept(self) -> None:
        while True:
            with contextlib.suppress(OSError):
                sock, _address = self._listener.accept()
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError, ValueError):
            while True:
                data, _payload = framing.receive_header(sock, max_payload=0)
                request = messages.decode_request(data)
                framing.send_frame(sock, encode(self._answer(request, sock)))

    def _answer(self, request: Any, sock: socket.socket) -> Any:
        try:
            return self._carry_out(request, sock)
        except RefusedError as refusal:
            return messages.Refused(refusal.name, refusal.values)

    def _carry_out(self, request: Any, sock: socket.socket) -> Any:
        service = self._service
        if isinstance(request, messages.Locate):
            return messages.Locations(service.locate(request.keys, request.wait_s))
        if isinstance(request, messages.Announce):
            return messages.Announced(service.announce(request))
        if isinstance(request, messages.Rearm):
            return messages.Keys(service.rearm(request.keys, request.ttl_s))
        if isinstance(request, messages.Delete):
            return messages.Keys(service.delete(request.keys))
        if isinstance(request, messages.CountReferences):
            return messages.Number(service.count_references(request.key))
        self._note(request, sock)
        return messages.Ok()

    def _note(self, request: Any, sock: socket.socket) -> None:
        service = self._service
        if isinstance(request, messages.Remove):
            service.remove(request.keys)
        elif isinstance(request, messages.ChangeReferences):
            service.change_references(request.client_id, request.keys, increase=request.increase)
        elif isinstance(request, messages.ForgetClient):
            service.forget_client(request.client_id)
        elif isinstance(request, messages.AddCopy):
            service.add_copy(request.address, request.key, request.version)
        elif isinstance(request, messages.DropCopies):
            service.drop_copies(request.address, request.names)
        elif isinstance(request, messages.Leave):
            service.leave(request.address)
        elif isinstance(request, messages.Join):
            service.join(request.address, _Notices(sock))


class _Notices:
    """Tells a worker, on the connection on which it joined, what is out of date."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._lock = threading.Lock()

    def __call__(self, names: list[tuple[str, int]]) -> None:
        with self._lock, contextlib.suppress(OSError):
            self._sock.settimeout(NOTICE_TIMEOUT_S)
            framing.send_frame(self._sock, encode(messages.Drop(names)))
            self._sock.settimeout(None)
