"""The worker's sockets: one thread a connection, each of which trusts nobody.

    TCP    Hello ... Goodbye (a client's registration), Inspect, PeerGet
    Unix   Attach, then requests of that client

Whatever a peer does wrong ends its own connection. Every request passes through `_serve_request`.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from typing import Any, Final

from yr_fake_ds import framing, protocol, texts
from yr_fake_ds.journal import Journal
from yr_fake_ds.refusal import RefusedError
from yr_fake_ds.worker.clients import Clients
from yr_fake_ds.worker.memory import Memory
from yr_fake_ds.worker.requests import RequestHandler

HANDSHAKE_TIMEOUT_S: Final = 30.0
STALLED_TIMEOUT_S: Final = 60.0
BACKLOG: Final = 512


class WorkerServer:
    """Accepts clients and other workers."""

    def __init__(
        self,
        worker_id: str,
        socket_path: str,
        threshold: int,
        memory: Memory,
        clients: Clients,
        handler: RequestHandler,
        journal: Journal,
    ) -> None:
        self._worker_id = worker_id
        self._socket_path = socket_path
        self._threshold = threshold
        self._memory = memory
        self._clients = clients
        self._handler = handler
        self._journal = journal

    def start(self, tcp: socket.socket) -> None:
        """Listen on the Unix socket too, and accept on both in threads."""
        unix = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._socket_path)
        unix.bind(self._socket_path)
        os.chmod(self._socket_path, 0o600)
        for listener, serve in ((tcp, self._serve_tcp), (unix, self._serve_unix)):
            listener.listen(BACKLOG)
            threading.Thread(target=_accept, args=(listener, serve), daemon=True).start()

    def _serve_tcp(self, sock: socket.socket) -> None:
        sock.settimeout(HANDSHAKE_TIMEOUT_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request = _receive(sock)
        if isinstance(request, protocol.Hello):
            self._serve_registration(sock, request)
        elif isinstance(request, protocol.Inspect):
            _reply(sock, self._inspection(journal=request.journal))
        elif isinstance(request, protocol.PeerGet):
            self._serve_peer(sock, request)

    def _serve_registration(self, sock: socket.socket, hello: protocol.Hello) -> None:
        try:
            self._welcome(hello)
        except RefusedError as refusal:
            _reply(sock, failure(refusal, hello.trace_id))
            return
        self._journal.note("Hello", hello.client_id, [], 0, texts.OK)
        try:
            _reply(sock, self._terms())
            sock.settimeout(None)
            if isinstance(_receive(sock), protocol.Goodbye):
                self._clients.leave(hello.client_id)
                _reply(sock, protocol.Done())
        finally:
            self._clients.vanish(hello.client_id)

    def _welcome(self, hello: protocol.Hello) -> None:
        if hello.version != protocol.VERSION:
            raise RefusedError(texts.PROTOCOL_VERSION, theirs=hello.version, ours=protocol.VERSION)
        self._clients.register(hello.client_id)

    def _terms(self) -> protocol.Welcome:
        return protocol.Welcome(
            worker_id=self._worker_id,
            socket_path=self._socket_path,
            arena_bytes=self._memory.arena.capacity,
            shm_threshold=self._threshold,
        )

    def _serve_peer(self, sock: socket.socket, request: protocol.PeerGet) -> None:
        data = self._memory.copy_bytes(request.key, request.version)
        if data is None:
            refusal = RefusedError(texts.NO_COPY_EXISTS)
            _reply(sock, failure(refusal, request.trace_id))
            return
        framing.send_frame(sock, protocol.encode(protocol.PeerValue(len(data))), [data])

    def _serve_unix(self, sock: socket.socket) -> None:
        sock.settimeout(HANDSHAKE_TIMEOUT_S)
        attach = _receive(sock)
        if not isinstance(attach, protocol.Attach) or not self._clients.knows(attach.client_id):
            return
        fd = self._memory.arena.fd if attach.want_arena else None
        framing.send_frame(sock, protocol.encode(protocol.Attached()), fd=fd)
        while True:
            sock.settimeout(None)
            data, payload = framing.receive_header(sock, self._memory.arena.capacity)
            sock.settimeout(STALLED_TIMEOUT_S)
            request = protocol.decode_request(data)
            _reply(sock, self._serve_request(sock, request, payload, attach.client_id))

    def _serve_request(
        self, sock: socket.socket, request: Any, payload: int, client_id: str
    ) -> protocol.Message:
        body = _Payload(sock, payload)
        status = texts.OK
        try:
            return self._handler.handle(request, body, client_id)
        except RefusedError as refusal:
            answer = failure(refusal, request.trace_id)
            status = answer.status
            return answer
        finally:
            body.skip()
            keys = _keys_of(request)
            self._journal.note(type(request).__name__, client_id, keys, payload, status)

    def _inspection(self, *, journal: bool) -> protocol.Inspection:
        with self._memory.changed:
            blocks = self._memory.blocks
            objects = [
                protocol.ObjectState(
                    block.name[0], block.size, sum(block.holders.values()), None, block.replica
                )
                for block in blocks.copies()
                if block.name
            ]
            used, held = blocks.allocator.used, blocks.references()
        return protocol.Inspection(
            worker_id=self._worker_id,
            pid=os.getpid(),
            clients=self._clients.ids(),
            objects=objects,
            arena_bytes=self._memory.arena.capacity,
            used_bytes=used,
            held_references=held,
            calls=self._journal.counts(),
            journal=self._journal.entries() if journal else [],
        )


class _Payload:
    """The bytes behind a request: read by its handler, else skipped."""

    def __init__(self, sock: socket.socket, size: int) -> None:
        self._sock = sock
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


def failure(refusal: RefusedError, trace_id: str) -> protocol.Failure:
    """Decorate a refusal as the real worker does."""
    message = refusal.text.message(trace_id, **refusal.values)
    return protocol.Failure(refusal.text.status, message)


def _accept(listener: socket.socket, serve: Any) -> None:
    while True:
        try:
            sock, _address = listener.accept()
        except OSError:
            return
        threading.Thread(target=_guarded, args=(serve, sock), daemon=True).start()


def _guarded(serve: Any, sock: socket.socket) -> None:
    # ValueError: msgspec's errors for messages that are none.
    with sock, contextlib.suppress(OSError, ValueError):
        serve(sock)


def _receive(sock: socket.socket) -> Any:
    data, _payload = framing.receive_header(sock, max_payload=0)
    return protocol.decode_request(data)


def _reply(sock: socket.socket, message: protocol.Message) -> None:
    framing.send_frame(sock, protocol.encode(message))


def _keys_of(request: Any) -> list[str]:
    if isinstance(request, protocol.Publish):
        return [item.key for item in request.items]
    return list(getattr(request, "keys", []))
