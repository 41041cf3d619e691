"""One registration at one worker: the slot the client takes, its sockets and the arena.

    TCP connection      Hello, then idle, Goodbye       its end tells the worker that we are gone
    Unix connections    one per call in flight          idle ones wait in a deque
    release thread      Release, batched                fed by the ends of buffers, from any thread

A link belongs to one life of one worker; after a restart the session makes a new one and buffers of
the old one stay readable. The ends of buffers and of clients may come in the middle of anything
(garbage collection), so nothing here that they call takes a lock.
"""

import contextlib
import os
import threading
from collections import deque
from collections.abc import Iterable
from queue import Empty, SimpleQueue
from typing import Final
from weakref import WeakSet

from yr_fake_ds import framing, protocol
from yr_fake_ds.client.arena_map import ArenaMap
from yr_fake_ds.client.connection import Connection, Reply, connect_tcp, connect_unix
from yr_fake_ds.errors import StatusError

GRACE_S: Final = 2.0
"""How much longer than the worker may take this side waits for its answer."""
GOODBYE_TIMEOUT_S: Final = 1.0
RELEASE_TIMEOUT_S: Final = 5.0
MAX_RELEASE_BATCH: Final = 10000


class WorkerLink:
    """A client's registration at a worker; made by `open_link`, ended by `close`."""

    def __init__(self, client_id: str, registration: Connection, welcome: protocol.Welcome) -> None:
        self.client_id = client_id
        self.worker_id = welcome.worker_id
        self.shm_threshold = welcome.shm_threshold
        self.closed = False
        self.lost = False
        self._socket_path = welcome.socket_path
        self._registration = registration
        self._idle: deque[Connection] = deque()
        self._ended_slots: SimpleQueue[int | None] = SimpleQueue()
        self._releaser: threading.Thread | None = None
        connection = self._attach(want_arena=True)
        self.arena = ArenaMap(connection.received_fds.pop(), welcome.arena_bytes)
        self._idle.append(connection)
        _links.add(self)

    def ask(
        self,
        request: protocol.Request,
        kind: type[Reply],
        timeout_ms: float,
        payload: Iterable[framing.Bytes] = (),
    ) -> Reply:
        """Make one call; StatusError if the worker refuses, OSError if it does not answer.

        Called from any thread; each call in flight has its own connection, so a waiting one blocks
        no other.
        """
        return self._ask_on(self._take(), request, kind, timeout_ms, payload)

    def _ask_on(
        self,
        connection: Connection,
        request: protocol.Request,
        kind: type[Reply],
        timeout_ms: float,
        payload: Iterable[framing.Bytes] = (),
    ) -> Reply:
        try:
            reply = connection.ask(request, kind, timeout_ms / 1000 + GRACE_S, payload)
        except StatusError:
            self._put_back(connection)
            raise
        except BaseException:
            connection.close()
            raise
        self._put_back(connection)
        return reply

    def release(self, slot_id: int) -> None:
        """Give back a slot, later and in the background; safe inside garbage collection."""
        if not self.closed:
            self._ended_slots.put(slot_id)

    def start_releasing(self) -> None:
        """Make sure that slots which are given back reach the worker; called with each new slot."""
        if self._releaser is None:
            self._releaser = threading.Thread(
                target=self._send_releases, name="yr-fake-ds-release", daemon=True
            )
            self._releaser.start()

    def close(self) -> None:
        """Free the client's place at the worker and all that it holds there; idempotent."""
        if self.closed:
            return
        self.closed = True
        self._ended_slots.put(None)
        if not self.lost:
            with contextlib.suppress(OSError, StatusError):
                self._registration.ask(protocol.Goodbye(), protocol.Done, GOODBYE_TIMEOUT_S)
        self.drop_sockets()

    def drop_sockets(self) -> None:
        """Close this process's ends of the sockets, without a word to the worker."""
        self._registration.close()
        while self._idle:
            with contextlib.suppress(IndexError):
                self._idle.pop().close()

    def _take(self) -> Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._attach(want_arena=False)

    def _put_back(self, connection: Connection) -> None:
        self._idle.append(connection)
        if self.closed:
            self.drop_sockets()

    def _attach(self, *, want_arena: bool) -> Connection:
        connection = connect_unix(self._socket_path, GRACE_S)
        request = protocol.Attach(client_id=self.client_id, want_arena=want_arena)
        try:
            connection.ask(request, protocol.Attached, GRACE_S)
        except BaseException:
            connection.close()
            raise
        return connection

    def _send_releases(self) -> None:
        while (first := self._ended_slots.get()) is not None:
            slots, last = self._drain(first)
            request = protocol.Release(slot_ids=slots)
            # Once it is sent it is carried out, however late: asked again, it would release twice.
            with contextlib.suppress(OSError, StatusError):
                connection = self._take_patiently()
                self._ask_on(connection, request, protocol.Done, RELEASE_TIMEOUT_S * 1000)
            if last:
                return

    def _take_patiently(self) -> Connection:
        """Take a connection, of a worker that does not answer for a while, too; not of one gone."""
        while True:
            try:
                return self._take()
            except TimeoutError:
                if self.closed or self.lost:
                    raise

    def _drain(self, first: int) -> tuple[list[int], bool]:
        slots = [first]
        with contextlib.suppress(Empty):
            while len(slots) < MAX_RELEASE_BATCH:
                slot = self._ended_slots.get_nowait()
                if slot is None:
                    return slots, True
                slots.append(slot)
        return slots, False


def open_link(client_id: str, host: str, port: int, timeout_s: float) -> WorkerLink:
    """Register at the worker listening on `host`:`port`.

    Raises OSError if nothing answers there, StatusError if the worker refuses the client.
    """
    registration = connect_tcp(host, port, timeout_s)
    hello = protocol.Hello(version=protocol.VERSION, pid=os.getpid(), client_id=client_id)
    try:
        welcome = registration.ask(hello, protocol.Welcome, timeout_s)
        return WorkerLink(client_id, registration, welcome)
    except BaseException:
        registration.close()
        raise


# A forked child must not keep the parent's sockets open: the worker would not see its end.
_links: "WeakSet[WorkerLink]" = WeakSet()


def _drop_inherited_sockets() -> None:
    for link in list(_links):
        link.closed = True
        link.drop_sockets()


os.register_at_fork(after_in_child=_drop_inherited_sockets)
