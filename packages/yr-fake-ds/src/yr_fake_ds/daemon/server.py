"""The worker's two doors, behind which one thread serves one connection and trusts nobody.

    TCP    Hello ... Goodbye (a client's registration), Inspect, PeerGet, OpenDirectory
    Unix   Attach, then requests of that client

Whatever a peer does wrong ends its own connection. Every request passes through the injector,
which delays, refuses or drops some if a fault plan wants it.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable
from typing import Any, Final

from yr_fake_ds import codec, framing, protocol, texts
from yr_fake_ds.admission import Admission
from yr_fake_ds.daemon.clients import Clients
from yr_fake_ds.daemon.inspection import Inspector
from yr_fake_ds.daemon.memory import Memory
from yr_fake_ds.daemon.payload import PartialPayload, Payload
from yr_fake_ds.daemon.requests import RequestHandler
from yr_fake_ds.directory.remote import DirectoryLostError
from yr_fake_ds.faults.injection import DroppedError, Injector, keys_of
from yr_fake_ds.faults.plan import FaultPlanError, load_plan
from yr_fake_ds.journal import Journal
from yr_fake_ds.listener import Listener
from yr_fake_ds.refusal import RefusedError

HANDSHAKE_TIMEOUT_S: Final = 30.0
STALLED_TIMEOUT_S: Final = 60.0


class WorkerServer:
    """Serves clients and other workers."""

    def __init__(
        self,
        terms: protocol.Welcome,
        memory: Memory,
        clients: Clients,
        handler: RequestHandler,
        journal: Journal,
        inspector: Inspector,
        injector: Injector,
        admission: Admission,
        serve_directory: Callable[[socket.socket, Callable[[], None]], None] | None = None,
    ) -> None:
        self._terms = terms
        self._memory = memory
        self._clients = clients
        self._handler = handler
        self._journal = journal
        self._inspector = inspector
        self._injector = injector
        self._admission = admission
        self._serve_directory = serve_directory
        self._listeners: list[Listener] = []

    def start(self, tcp: socket.socket) -> None:
        """Listen on the Unix socket too, and accept on both in threads."""
        path = self._terms.socket_path
        unix = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        unix.bind(path)
        os.chmod(path, 0o600)
        self._listeners = [Listener(unix, self._serve_unix), Listener(tcp, self._serve_tcp)]
        for listener in self._listeners:
            listener.start()

    def close(self) -> None:
        """Take no new connections; those that exist end with their peers."""
        for listener in self._listeners:
            listener.close()

    def _serve_tcp(self, sock: socket.socket, introduced: Callable[[], None]) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request = _receive(sock, HANDSHAKE_TIMEOUT_S)
        if isinstance(request, protocol.OpenDirectory):
            if self._serve_directory is not None:
                self._serve_directory(sock, introduced)
            return
        try:
            self._admission.check(sock)
        except RefusedError as refusal:
            _reply(sock, failure(refusal, request.trace_id))
            return
        introduced()
        sock.settimeout(STALLED_TIMEOUT_S)
        if isinstance(request, protocol.Hello):
            self._serve_registration(sock, request)
        elif isinstance(request, protocol.Inspect):
            _reply(sock, self._inspector.inspect(journal=request.journal))
        elif isinstance(request, protocol.PeerGet):
            self._serve_peer(sock, request)
        elif isinstance(request, protocol.SetFaults):
            _reply(sock, self._set_faults(request))
        else:
            _reply(sock, failure(_unexpected(request), request.trace_id))

    def _set_faults(self, request: protocol.SetFaults) -> protocol.Message:
        try:
            self._injector.replace(load_plan(request.plan))
        except FaultPlanError as error:
            refusal = RefusedError(texts.FAULT_PLAN_WRONG, reason=str(error))
            return failure(refusal, request.trace_id)
        return protocol.Done()

    def _serve_registration(self, sock: socket.socket, hello: protocol.Hello) -> None:
        try:
            self._injector.around(hello, _nothing)
            ticket = self._register(hello)
        except RefusedError as refusal:
            _reply(sock, failure(refusal, hello.trace_id))
            return
        except DroppedError:
            sock.recv(1)
            return
        self._journal.note("Hello", hello.client_id, [], 0, texts.OK)
        try:
            _reply(sock, self._terms)
            sock.settimeout(None)
            if isinstance(_receive(sock), protocol.Goodbye):
                self._clients.leave(hello.client_id, ticket)
                self._journal.note("Goodbye", hello.client_id, [], 0, texts.OK)
                _reply(sock, protocol.Done())
        finally:
            self._clients.vanish(hello.client_id, ticket)

    def _register(self, hello: protocol.Hello) -> int:
        if hello.version != protocol.VERSION:
            raise RefusedError(texts.PROTOCOL_VERSION, theirs=hello.version, ours=protocol.VERSION)
        return self._clients.register(hello.client_id)

    def _serve_peer(self, sock: socket.socket, request: protocol.PeerGet) -> None:
        try:
            self._injector.around(request, _nothing)
            self._lend(sock, request)
        except RefusedError as refusal:
            _reply(sock, failure(refusal, request.trace_id))
        except DroppedError:
            sock.recv(1)

    def _lend(self, sock: socket.socket, request: protocol.PeerGet) -> None:
        with self._memory.lend_copy(request.key, request.version) as data:
            if data is None:
                _reply(sock, failure(RefusedError(texts.NO_COPY_EXISTS), request.trace_id))
                return
            value = protocol.PeerValue(data.nbytes)
            framing.send_frame(sock, protocol.encode(value), [data])

    def _serve_unix(self, sock: socket.socket, introduced: Callable[[], None]) -> None:
        attach = _receive(sock, HANDSHAKE_TIMEOUT_S)
        if not isinstance(attach, protocol.Attach) or not self._clients.remembers(attach.client_id):
            return
        introduced()
        fd = self._memory.arena.fd if attach.want_arena else None
        framing.send_frame(sock, protocol.encode(protocol.Attached()), fd=fd)
        answer: protocol.Message = protocol.Attached()
        try:
            while True:
                request, payload = self._next_request(sock)
                try:
                    answer = self._serve_request(request, payload, attach.client_id)
                except DroppedError:
                    continue
                if not self._clients.remembers(attach.client_id):
                    self._handler.forget_client(attach.client_id)
                    return
                _reply(sock, answer)
        except (ConnectionResetError, BrokenPipeError):
            # The client has closed its end, and has not read the answer: it gave up waiting.
            self._handler.take_back(answer, attach.client_id)
            raise

    def _next_request(self, sock: socket.socket) -> tuple[Any, Payload]:
        sock.settimeout(None)
        data, payload = framing.receive_header(sock, self._memory.arena.capacity)
        sock.settimeout(STALLED_TIMEOUT_S)
        return codec.decode_request(data), Payload(sock, payload)

    def _serve_request(self, request: Any, payload: Payload, client_id: str) -> protocol.Message:
        status, carried_out = texts.OK, list[protocol.Message]()

        def carry_out(kept: Any) -> protocol.Message:
            carried_out.append(self._handle(request, kept, payload, client_id))
            return carried_out[-1]

        try:
            return self._injector.around(request, carry_out)
        except (RefusedError, DirectoryLostError, DroppedError) as error:
            for answer in carried_out:
                self._handler.take_back(answer, client_id)
            if isinstance(error, DroppedError):
                raise
            refused = failure(_refusal(error), request.trace_id)
            status = refused.status
            return refused
        finally:
            payload.skip()
            keys = keys_of(request)
            self._journal.note(type(request).__name__, client_id, keys, payload.size, status)

    def _handle(
        self, request: Any, kept: Any, payload: Payload, client_id: str
    ) -> protocol.Message:
        """Carry out what the fault plan left of a request."""
        if kept is request or not isinstance(kept, protocol.Publish):
            return self._handler.handle(kept, payload, client_id)
        rest = PartialPayload(payload, request.items, kept.items)
        return self._handler.handle(kept, rest, client_id)


def failure(refusal: RefusedError, trace_id: str) -> protocol.Failure:
    """Decorate a refusal as the real worker does."""
    message = refusal.text.message(trace_id, **refusal.values)
    return protocol.Failure(refusal.text.status, message)


def _refusal(error: RefusedError | DirectoryLostError) -> RefusedError:
    if isinstance(error, RefusedError):
        return error
    return RefusedError(texts.MASTER_UNREACHABLE, address=str(error))


def _unexpected(request: Any) -> RefusedError:
    return RefusedError(texts.UNEXPECTED_REQUEST, request=type(request).__name__)


def _receive(sock: socket.socket, within_s: float | None = None) -> Any:
    data, _payload = framing.receive_header(sock, max_payload=0, within_s=within_s)
    return codec.decode_request(data)


def _nothing(_request: Any) -> protocol.Message:
    return protocol.Done()


def _reply(sock: socket.socket, message: protocol.Message) -> None:
    framing.send_frame(sock, protocol.encode(message))
