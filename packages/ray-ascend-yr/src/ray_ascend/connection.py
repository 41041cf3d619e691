"""What one process remembers of its node's worker: the address, one client, one ledger.

    store/fetch/delete --> current() --> Connection(client, ledger)
                              ^ asks the coordinator only when there is none,
                              | when it proved wrong, after a fork or in another Ray cluster

Any thread may use it.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import ray

from ray_ascend import backend
from ray_ascend.client import StoreClient
from ray_ascend.client_cache import client_of, npu_client_of
from ray_ascend.endpoint import WorkerEndpoint
from ray_ascend.errors import NotInitializedError, StoreUnavailableError, TransferError
from ray_ascend.ledger import Ledger
from ray_ascend.npu_client import NpuClient
from ray_ascend.patience import REPLACEMENT_S

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
Scope = tuple[int, str, str]

_RETRY_PAUSE_S = 0.05
_DRIVER_PATIENCE_S = 30.0
_DRIVER_PAUSE_S = 0.1


@dataclass
class Connection:
    """One process's use of one worker within one Ray job; `close` leaves keys to the supervisor."""

    endpoint: WorkerEndpoint
    scope: Scope
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _ledger: Ledger | None = None
    _undeleted: set[str] = field(default_factory=set)

    @property
    def client(self) -> StoreClient:
        """The one client of this process for this worker, connected at first use."""
        return client_of(self.endpoint)

    @property
    def npu_client(self) -> NpuClient:
        """The one device client of this process for this worker, connected at first use."""
        return npu_client_of(self.endpoint)

    def publish(self, key: str, size: int, write: Callable[[memoryview], None]) -> None:
        """Store one value; after any failure the key is deleted, now or at the next occasion."""
        client = self.client
        self.own(key)
        try:
            client.publish(key, size, write)
        except BaseException:
            self.discard([key])
            raise
        if self._undeleted:
            self.discard([])

    def read(self, key: str) -> Any:
        """Give a read-only buffer over a value's bytes."""
        return self.client.read(key)

    def discard(self, keys: Iterable[str]) -> bool:
        """Delete keys and those that could not be deleted before; never raises, True if all went.

        What fails stays in the ledger, to be tried again here or by the supervisor.
        """
        with self._lock:
            self._undeleted.update(keys)
            batch = sorted(self._undeleted)
        if not batch:
            return True
        try:
            failed = set(self.client.delete(batch))
        except TransferError as error:
            logger.warning("%d keys cannot be deleted for now (%s)", len(batch), error.status)
            return False
        with self._lock:
            self._undeleted.difference_update(key for key in batch if key not in failed)
        for key in batch:
            if key not in failed:
                self.disown(key)
        return not failed

    def close(self) -> None:
        """Stop owning keys: the supervisor deletes what is left of them."""
        with self._lock:
            if self._ledger is not None:
                self._ledger.close()

    def own(self, key: str) -> None:
        """Answer for a key's deletion from now on, also if this process is killed."""
        try:
            with self._lock:
                if self._ledger is None:
                    self._ledger = Ledger(os.path.join(self.endpoint.home, "ledger"))
                self._ledger.add(key)
        except OSError as error:
            raise StoreUnavailableError(
                f"the datasystem worker's directory cannot be used: {error}", key
            ) from error

    def disown(self, key: str) -> None:
        """Answer no longer for a key: it has been deleted."""
        with self._lock:
            if self._ledger is not None:
                self._ledger.remove(key)


_lock = threading.RLock()
_current: Connection | None = None


def current(patience_s: float = REPLACEMENT_S) -> Connection:
    """Give this process's connection, waiting so long for a worker that is being started.

    Raises NotInitializedError when the backend is not running, and StoreUnavailableError when it
    is, and has no worker on this node in time.
    """
    global _current  # noqa: PLW0603 - one connection a process is the point
    connection = _current
    if connection is not None and connection.scope == _scope():
        return connection
    with _lock:
        connection, scope = _current, _scope()
        if connection is None or connection.scope != scope:
            _retire(connection)
            _current = connection = Connection(backend.find_worker(patience_s), scope)
        return connection


def wait_for_backend() -> None:
    """Wait until the driver has started the backend; called in actors and tasks.

    A process asks once, for its first registration and its transfers together.
    """
    deadline = time.monotonic() + _DRIVER_PATIENCE_S
    while True:
        try:
            current()
        except NotInitializedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_DRIVER_PAUSE_S)
        else:
            return


def forget(connection: Connection | None = None) -> None:
    """Ask for the worker's address again next time; only if `connection` is still the one used."""
    global _current  # noqa: PLW0603
    with _lock:
        if connection is None or connection is _current:
            _retire(_current)
            _current = None


def with_retries(operation: Callable[[Connection], Result], deadline: float) -> Result:
    """Run an operation, again while the worker is unreachable, until `deadline` (monotonic s).

    The worker may have been restarted at another address: each attempt finds out. The error in the
    end says for how long that was tried.
    """
    begin = time.monotonic()
    while True:
        connection = current(max(0.0, deadline - time.monotonic()))
        try:
            return operation(connection)
        except StoreUnavailableError as error:
            now = time.monotonic()
            if now >= deadline:
                raise _in_vain(error, connection, now - begin) from error
            _reconsider(connection, deadline)
        time.sleep(_RETRY_PAUSE_S)


def _reconsider(connection: Connection, deadline: float) -> None:
    """Drop the connection if the coordinator names another worker; the SDK reconnects itself.

    Waits for a worker that is being started again, but not beyond the deadline.
    """
    try:
        found = backend.find_worker(max(0.0, deadline - time.monotonic()))
    except (NotInitializedError, StoreUnavailableError):
        if time.monotonic() < deadline:
            raise
        return
    if found != connection.endpoint:
        forget(connection)


def _in_vain(
    error: StoreUnavailableError, connection: Connection, seconds: float
) -> StoreUnavailableError:
    endpoint = connection.endpoint
    return StoreUnavailableError(
        f"{error}; tried for {seconds:.0f} s, while the worker at {endpoint.address} of Ray node "
        f"{endpoint.node_id} neither answered nor was replaced by another one; "
        "`python -m ray_ascend doctor` tells what is wrong with it",
        error.key,
        error.status,
    )


def _retire(connection: Connection | None) -> None:
    if connection is not None and connection.scope[0] == os.getpid():
        connection.close()


def _scope() -> Scope:
    context = ray.get_runtime_context()
    return os.getpid(), context.get_node_id(), context.get_job_id()


def _after_fork_in_child() -> None:
    global _lock  # noqa: PLW0603
    _lock = threading.RLock()


os.register_at_fork(after_in_child=_after_fork_in_child)
