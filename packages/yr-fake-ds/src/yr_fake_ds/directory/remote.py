"""The directory as seen from a worker that joined: the same calls, over the network.

calls       pooled connections, one request in flight on each
notices     the connection of Join, read by a thread of its own, which joins again when the
            head comes back
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final, TypeVar

from yr_fake_ds import framing
from yr_fake_ds.addresses import join_address
from yr_fake_ds.device_protocol import DeviceAnswer, DeviceCall
from yr_fake_ds.directory import messages
from yr_fake_ds.directory.messages import Announce, Entry, Located
from yr_fake_ds.directory.service import DropCopies
from yr_fake_ds.protocol import Message, OpenDirectory, encode
from yr_fake_ds.refusal import refusal_by_name

CONNECT_TIMEOUT_S: Final = 1.0
ANSWER_TIMEOUT_S: Final = 10.0
REJOIN_PAUSE_S: Final = 0.05
REFUSED_PAUSE_S: Final = 1.0
"""A head that came back and refuses this machine does so until somebody starts it otherwise."""

Reply = TypeVar("Reply")


class DirectoryLostError(ConnectionError):
    """The head worker does not answer."""


class NotAdmittedError(DirectoryLostError):
    """It answers, and does not serve this machine; the text says why."""


class RemoteDirectory:
    """Implements the Directory protocol; used from all threads of the worker."""

    def __init__(self, host: str, port: int, *, in_worker: bool = False) -> None:
        """Find it at a port of its own, or behind the address of the worker that keeps it."""
        self.address = join_address(host, port)
        self._in_worker = in_worker
        self._closed = False
        self._followed: socket.socket | None = None
        self._where = (host, port)
        self._idle: deque[socket.socket] = deque()

    def announce(self, request: Announce) -> list[str]:
        """See Directory."""
        return self._ask(request, messages.Announced).failed

    def locate(self, keys: list[str], wait_s: float) -> list[Located | None]:
        """See Directory."""
        return self._ask(messages.Locate(keys, wait_s), messages.Locations, wait_s).found

    def add_copy(self, address: str, key: str, version: int) -> bool:
        """See Directory."""
        return self._ask(messages.AddCopy(address, key, version), messages.Noted).noted

    def drop_copies(self, address: str, names: list[tuple[str, int]]) -> None:
        """See Directory."""
        self._ask(messages.DropCopies(address, names), messages.Ok)

    def void(self, address: str, key: str) -> int:
        """See Directory."""
        return self._ask(messages.Void(address, key), messages.Number).value

    def remove(self, keys: list[str]) -> None:
        """See Directory."""
        self._ask(messages.Remove(keys), messages.Ok)

    def delete(self, keys: list[str]) -> list[str]:
        """See Directory."""
        return self._ask(messages.Delete(keys), messages.Keys).keys

    def forget_client(self, client_id: str) -> None:
        """See Directory."""
        self._ask(messages.ForgetClient(client_id), messages.Ok)

    def rearm(self, keys: list[str], ttl_s: int) -> list[str]:
        """See Directory."""
        return self._ask(messages.Rearm(keys, ttl_s), messages.Keys).keys

    def change_references(self, client_id: str, keys: list[str], *, increase: bool) -> None:
        """See Directory."""
        self._ask(messages.ChangeReferences(client_id, keys, increase), messages.Ok)

    def count_references(self, key: str) -> int:
        """See Directory."""
        return self._ask(messages.CountReferences(key), messages.Number).value

    def call_device(self, call: DeviceCall) -> DeviceAnswer:
        """See Directory."""
        wait_s = getattr(call.request, "wait_ms", 0) / 1000
        answer: Any = self._ask(call, Message, wait_s)
        if not isinstance(answer, DeviceAnswer):
            raise DirectoryLostError(f"{type(answer).__name__} to a device request")
        return answer

    def restore(self, address: str, entries: list[Entry]) -> None:
        """Make known what a worker holds; what the directory knows already stays as it is."""
        self._ask(messages.Restore(address, entries), messages.Ok)

    def leave(self, address: str) -> None:
        """See Directory."""
        self._ask(messages.Leave(address), messages.Ok)

    def follow(
        self,
        address: str,
        drop_copies: DropCopies,
        lost: Callable[[], None],
        refused: Callable[[str], None] = lambda _reason: None,
    ) -> None:
        """Join, and listen to notices for ever in a thread; DirectoryLostError if it cannot join.

        `lost` is called when the head went away: nothing that this worker holds is known any more;
        `refused`, once, when it is back and does not serve this machine any longer. After `close`
        neither is called, nor is anything joined again.
        """
        sock = self._join(address)

        def listen() -> None:
            self._listen(sock, address, drop_copies, lost, refused)

        threading.Thread(target=listen, daemon=True).start()

    def _join(self, address: str) -> socket.socket:
        sock = self._connect()
        try:
            _check_admitted(_exchange(sock, messages.Join(address)))
        except NotAdmittedError:
            sock.close()
            raise
        except (OSError, ValueError) as error:
            sock.close()
            raise DirectoryLostError(str(error)) from error
        sock.settimeout(None)
        self._followed = sock
        return sock

    def _listen(
        self,
        sock: socket.socket,
        address: str,
        drop_copies: DropCopies,
        lost: Callable[[], None],
        refused: Callable[[str], None],
    ) -> None:
        while True:
            with sock, contextlib.suppress(OSError, ValueError):
                while True:
                    data, _payload = framing.receive_header(sock, max_payload=0)
                    notice = messages.decode_reply(data)
                    if isinstance(notice, messages.Drop):
                        drop_copies(notice.names)
            if self._closed:
                return
            lost()
            rejoined = self._rejoin(address, refused)
            if rejoined is None:
                return
            sock = rejoined

    def _rejoin(self, address: str, refused: Callable[[str], None]) -> socket.socket | None:
        told = False
        while not self._closed:
            try:
                return self._join(address)
            except NotAdmittedError as refusal:
                with contextlib.suppress(OSError):  # a full disk must not end this thread
                    if not told:
                        refused(str(refusal))
                told = True
                time.sleep(REFUSED_PAUSE_S)
            except DirectoryLostError:
                time.sleep(REJOIN_PAUSE_S)
        return None

    def close(self) -> None:
        """Follow no more; what is on its way fails."""
        self._closed = True
        with contextlib.suppress(OSError):
            if self._followed is not None:
                self._followed.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _ask(self, request: Any, kind: type[Reply], wait_s: float = 0) -> Reply:
        for sock in self._connections():
            try:
                sock.settimeout(ANSWER_TIMEOUT_S + wait_s)
                reply = _exchange(sock, request)
            except (OSError, ValueError):
                sock.close()
                continue
            self._idle.append(sock)
            if isinstance(reply, messages.Refused):
                raise refusal_by_name(reply.text, reply.values)
            if not isinstance(reply, kind):
                raise DirectoryLostError(f"{type(reply).__name__} instead of {kind.__name__}")
            return reply
        raise DirectoryLostError(self.address)

    def _connections(self) -> Any:
        """Yield idle connections, which may be dead by now, and at last a fresh one."""
        while self._idle:
            with contextlib.suppress(IndexError):
                yield self._idle.pop()
        yield self._connect()

    def _connect(self) -> socket.socket:
        try:
            sock = socket.create_connection(self._where, CONNECT_TIMEOUT_S)
        except OSError as error:
            raise DirectoryLostError(f"{self.address}: {error}") from error
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._in_worker:
            self._introduce(sock)
        return sock

    def _introduce(self, sock: socket.socket) -> None:
        try:
            framing.send_frame(sock, encode(OpenDirectory()))
        except OSError as error:
            sock.close()
            raise DirectoryLostError(f"{self.address}: {error}") from error


def _check_admitted(reply: Any) -> None:
    if isinstance(reply, messages.Refused):
        refusal = refusal_by_name(reply.text, reply.values)
        raise NotAdmittedError(refusal.text.fill(**refusal.values))


def _exchange(sock: socket.socket, request: Any) -> Any:
    framing.send_frame(sock, encode(request))
    data, _payload = framing.receive_header(sock, max_payload=0)
    return messages.decode_reply(data)
