r"""A client's session: which worker it talks to, from `init` to its end, across worker restarts.

    new --open--> connected --worker dies--> lost --worker is back--> connected
     \--open fails--> failed                        \--still dead--> "disconnected from worker"

Errors of the network become the SDK's here: the first call that a dead worker does not answer gives
"RPC unavailable" with a time-out text, the later ones "Client <uuid> disconnected from worker."
"""

import os
import threading
import time
import uuid
import weakref
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from yr_fake_ds import texts
from yr_fake_ds.client.connect_options import ConnectOptions
from yr_fake_ds.client.keys import refuse
from yr_fake_ds.errors import StatusError
from yr_fake_ds.profile import active

if TYPE_CHECKING:
    from yr_fake_ds import framing, protocol
    from yr_fake_ds.client.connection import Reply
    from yr_fake_ds.client.worker_link import WorkerLink

RETRY_INTERVAL_S: Final = 0.02
RECONNECT_TIMEOUT_S: Final = 1.0


class Session:
    """The connection state of one SDK client object; used from any thread of its process."""

    def __init__(self, options: ConnectOptions) -> None:
        self.client_id = str(uuid.uuid4())
        self._options = options
        self._pid = os.getpid()
        self._opening = threading.Lock()
        self._link: WorkerLink | None = None
        self._init_failed = False

    @property
    def request_timeout_ms(self) -> int:
        """The time a call may take."""
        return self._options.request_timeout_ms

    @property
    def closed(self) -> bool:
        """Whether the client has left its worker for good."""
        return self._link is not None and self._link.closed

    def open(self) -> None:
        """Register at the worker; retries until the connect timeout. A second call does nothing."""
        self._refuse_after_fork()
        with self._opening:
            if self._link is not None:
                return
            self._init_failed = True
            self._options = self._options.validated()
            self._link = self._connect(self._options.connect_timeout_ms / 1000)
            self._init_failed = False

    def link(self) -> "WorkerLink":
        """Return the link to use now, a new one if the worker was lost and is back."""
        self._refuse_after_fork()
        if self._link is None:
            text = texts.INIT_FAILED if self._init_failed else texts.NOT_INITIALIZED
            raise refuse(text)
        if self._link.lost:
            self._reconnect(self._link)
        return self._link

    def ask(
        self,
        request: "protocol.Request",
        kind: "type[Reply]",
        payload: "Iterable[framing.Bytes]" = (),
        timeout_ms: int | None = None,
    ) -> "Reply":
        """Make one call at the worker, and once more if it was restarted meanwhile."""
        return self.ask_where(request, kind, payload, timeout_ms)[1]

    def ask_where(
        self,
        request: "protocol.Request",
        kind: "type[Reply]",
        payload: "Iterable[framing.Bytes]" = (),
        timeout_ms: int | None = None,
    ) -> "tuple[WorkerLink, Reply]":
        """Do the same, and return also the link whose slots the reply speaks of."""
        link = self.link()
        try:
            return link, self.ask_on(link, request, kind, payload, timeout_ms)
        except WorkerLostError as lost:
            link = self._successor(lost)
            return link, self.ask_on(link, request, kind, payload, timeout_ms)

    def ask_about(
        self,
        link: "WorkerLink",
        request: "protocol.Request",
        kind: "type[Reply]",
        payload: "Iterable[framing.Bytes]" = (),
        timeout_ms: int | None = None,
    ) -> "Reply":
        """Make one call about slots that `link` holds; they end with the worker's life.

        StatusError if the worker was restarted, "Buffer deprecated" since 0.8.1; a "Runtime error"
        if the client that made them is closed.
        """
        self.refuse_ended(link)
        try:
            return self.ask_on(link, request, kind, payload, timeout_ms)
        except WorkerLostError as lost:
            self._successor(lost)
            raise refuse(_lost_buffer()) from None

    def refuse_ended(self, link: "WorkerLink") -> None:
        """Refuse buffers whose client is closed, or whose worker has ended."""
        if link.lost:
            raise refuse(_lost_buffer())
        if link.closed:
            raise refuse(texts.CLIENT_DESTROYED)

    def ask_on(
        self,
        link: "WorkerLink",
        request: "protocol.Request",
        kind: "type[Reply]",
        payload: "Iterable[framing.Bytes]" = (),
        timeout_ms: int | None = None,
    ) -> "Reply":
        """Make one call on this very link, for requests about what it holds."""
        timeout = self.request_timeout_ms if timeout_ms is None else timeout_ms
        try:
            return link.ask(self._as_known_there(request), kind, timeout, payload)
        except TimeoutError:
            raise self._no_response(timeout) from None
        except OSError:
            link.lost = True
            raise WorkerLostError(self._no_response(timeout)) from None

    def _as_known_there(self, request: "protocol.Request") -> "protocol.Request":
        if not self._options.tenant:
            return request
        from yr_fake_ds.client.tenants import of_tenant

        return of_tenant(self._options.tenant, request)

    def as_asked(self, keys: "list[str]") -> "list[str]":
        """Give the keys of an answer without what makes them a tenant's."""
        if not self._options.tenant or not keys:
            return keys
        from yr_fake_ds.client.tenants import as_asked

        return as_asked(self._options.tenant, keys)

    def close(self) -> None:
        """Leave the worker; called when the SDK object is collected and at exit."""
        if self._link is not None and self._pid == os.getpid():
            self._link.close()

    def _connect(self, timeout_s: float) -> "WorkerLink":
        # The protocol is imported with the first connection, not with the SDK.
        from yr_fake_ds.client.worker_link import open_link

        options = self._options
        deadline = time.monotonic() + timeout_s
        while True:
            remaining = max(deadline - time.monotonic(), RETRY_INTERVAL_S)
            try:
                return open_link(self.client_id, options.host, options.port, remaining)
            except OSError:
                if time.monotonic() + RETRY_INTERVAL_S >= deadline:
                    raise self._no_response(int(timeout_s * 1000)) from None
                time.sleep(RETRY_INTERVAL_S)

    def _reconnect(self, lost: "WorkerLink") -> None:
        from yr_fake_ds.client.worker_link import open_link

        options = self._options
        with self._opening:
            if self._link is not lost:
                return
            if lost.closed:
                raise refuse(texts.CLIENT_DESTROYED)
            try:
                self._link = open_link(
                    self.client_id, options.host, options.port, RECONNECT_TIMEOUT_S
                )
            except OSError:
                raise refuse(texts.DISCONNECTED, client=self.client_id) from None
            lost.close()

    def _successor(self, lost: "WorkerLostError") -> "WorkerLink":
        try:
            return self.link()
        except StatusError:
            raise StatusError(lost.status, lost.message) from None

    def _refuse_after_fork(self) -> None:
        if self._pid != os.getpid():
            raise refuse(texts.FORKED_CLIENT, owner=self._pid, current=os.getpid())

    def _no_response(self, timeout_ms: int) -> StatusError:
        return refuse(texts.NO_RESPONSE, client=self.client_id, timeout_ms=timeout_ms)


class WorkerLostError(StatusError):
    """The worker ended during a call: "RPC unavailable" unless it is back already."""

    def __init__(self, error: StatusError) -> None:
        super().__init__(error.status, error.message)


def _lost_buffer() -> texts.Text:
    if active().lost_buffer_status == texts.BUFFER_DEPRECATED:
        return texts.BUFFER_IS_DEPRECATED
    return texts.BUFFER_IS_USELESS


def close_with(client: Any, session: Session) -> None:
    """Close `session` when the SDK object `client` is collected, or at interpreter exit."""
    weakref.finalize(client, session.close)
