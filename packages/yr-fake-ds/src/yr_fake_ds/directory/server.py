"""The directory's door for other workers.

In metastore mode it is the metastore address of the head worker, in etcd mode the worker's own
address, where a connection first says that it is for the directory.

a connection of calls    request --> reply, one after the other
a connection of Join     stays open; what is out of date is told on it, and its end without
                         Leave means that the worker died
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any, Final

from yr_fake_ds import framing
from yr_fake_ds.admission import Admission
from yr_fake_ds.device_protocol import DeviceCall
from yr_fake_ds.directory import messages
from yr_fake_ds.directory.service import DirectoryService
from yr_fake_ds.listener import Listener, Serve
from yr_fake_ds.protocol import encode
from yr_fake_ds.refusal import RefusedError

HANDSHAKE_TIMEOUT_S: Final = 30.0
NOTICE_TIMEOUT_S: Final = 5.0


class DirectoryServer:
    """Serves one connection a thread; a peer that breaks the protocol loses its connection."""

    def __init__(self, service: DirectoryService) -> None:
        self._service = service

    def listen(self, sock: socket.socket, admission: Admission) -> None:
        """Begin to accept, in a thread of its own; who is not admitted is told why."""
        Listener(sock, admitting(self.serve, admission)).start()

    def serve(self, sock: socket.socket, introduced: Callable[[], None]) -> None:
        """Serve one connection to its end."""
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request = _receive(sock, HANDSHAKE_TIMEOUT_S)
        introduced()
        sock.settimeout(None)
        if isinstance(request, messages.Join):
            self._serve_member(request.address, sock)
            return
        while self._may_ask(request):
            framing.send_frame(sock, encode(self._answer(request)))
            request = _receive(sock)

    def _may_ask(self, request: Any) -> bool:
        """Let a worker join before it announces values; to hang up is to be lost for it.

        One whose head was restarted may ask before it has noticed that, and joins a moment later.
        """
        is_announced = isinstance(request, messages.Announce)
        return not is_announced or self._service.has_joined(request.address)

    def _serve_member(self, address: str, sock: socket.socket) -> None:
        notices = _Notices(sock)
        with notices.silence:
            self._service.join(address, notices)
            framing.send_frame(sock, encode(messages.Ok()))
        try:
            # A member says nothing more on this connection: whatever comes ends it.
            sock.recv(1)
        finally:
            self._service.lose(address, notices)

    def _answer(self, request: Any) -> Any:
        try:
            return self._carry_out(request)
        except RefusedError as refusal:
            return _refused(refusal)

    def _carry_out(self, request: Any) -> Any:
        service = self._service
        if isinstance(request, DeviceCall):
            return service.call_device(request)
        if isinstance(request, messages.Locate):
            return messages.Locations(service.locate(request.keys, request.wait_s))
        if isinstance(request, messages.Announce):
            return messages.Announced(service.announce(request))
        if isinstance(request, messages.Rearm):
            return messages.Keys(service.rearm(request.keys, request.ttl_s))
        if isinstance(request, messages.AddCopy):
            noted = service.add_copy(request.address, request.key, request.version)
            return messages.Noted(noted)
        if isinstance(request, messages.Void):
            return messages.Number(service.void(request.address, request.key))
        if isinstance(request, messages.Delete):
            return messages.Keys(service.delete(request.keys))
        if isinstance(request, messages.CountReferences):
            return messages.Number(service.count_references(request.key))
        self._note(request)
        return messages.Ok()

    def _note(self, request: Any) -> None:
        service = self._service
        if isinstance(request, messages.Remove):
            service.remove(request.keys)
        elif isinstance(request, messages.ChangeReferences):
            service.change_references(request.client_id, request.keys, increase=request.increase)
        elif isinstance(request, messages.ForgetClient):
            service.forget_client(request.client_id)
        elif isinstance(request, messages.DropCopies):
            service.drop_copies(request.address, request.names)
        elif isinstance(request, messages.Leave):
            service.leave(request.address)
        elif isinstance(request, messages.Restore):
            service.restore(request.address, request.entries)


def admitting(serve: Serve, admission: Admission) -> Serve:
    """Serve connections of the directory only if they are admitted; others are told why not."""

    def serve_admitted(sock: socket.socket, introduced: Callable[[], None]) -> None:
        try:
            admission.check(sock)
        except RefusedError as refusal:
            _receive(sock, HANDSHAKE_TIMEOUT_S)
            framing.send_frame(sock, encode(_refused(refusal)))
        else:
            serve(sock, introduced)

    return serve_admitted


def _refused(refusal: RefusedError) -> messages.Refused:
    return messages.Refused(refusal.name, refusal.values)


class _Notices:
    """Tells a worker, on the connection on which it joined, what is out of date."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.silence = threading.Lock()

    def __call__(self, names: list[tuple[str, int]]) -> None:
        with self.silence:
            try:
                self._sock.settimeout(NOTICE_TIMEOUT_S)
                framing.send_frame(self._sock, encode(messages.Drop(names)))
                self._sock.settimeout(None)
            except OSError:
                # Half a notice makes the next one unreadable: the worker has to join again.
                with contextlib.suppress(OSError):
                    self._sock.shutdown(socket.SHUT_RDWR)


def _receive(sock: socket.socket, within_s: float | None = None) -> Any:
    data, _payload = framing.receive_header(sock, max_payload=0, within_s=within_s)
    return messages.decode_request(data)
