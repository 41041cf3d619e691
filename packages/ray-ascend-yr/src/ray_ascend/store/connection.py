"""What one process remembers of its node's worker: the address, one client, one ledger.

    store/fetch/delete --> current() --> Connection(client, ledger)
                              ^ asks the coordinator only when there is none,
                              | when it proved wrong, after a fork or in another Ray cluster

Any thread may use it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ray_ascend.errors import NotInitializedError, StoreUnavailableError, TransferError
from ray_ascend.metrics.recorder import watch_keys
from ray_ascend.store import discovery
from ray_ascend.store.client import StoreClient
from ray_ascend.store.clients import client_of, npu_client_of
from ray_ascend.store.endpoint import WorkerEndpoint
from ray_ascend.store.ledger import Ledger
from ray_ascend.store.npu_client import NpuClient
from ray_ascend.store.process_state import of_process
from ray_ascend.store.worker_start import REPLACEMENT_S

logger = logging.getLogger(__name__)

Scope = tuple[str, str]

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

    @contextlib.contextmanager
    def new_value(self, key: str, size: int) -> Iterator[memoryview]:
        """Give the memory of a value, stored when the block ends.

        After any failure, in the block too, the key is deleted, now or at the next occasion.
        """
        client = self.client
        self.own(key)
        try:
            with client.new_value(key, size) as memory:
                yield memory
        except BaseException:
            self.discard([key])
            raise
        if self._undeleted:
            self.discard([])

    def read(self, key: str) -> Any:
        """Give a read-only buffer over a value's bytes."""
        return self.client.read(key)

    def read_all(self, keys: Sequence[str]) -> list[Any]:
        """Give a read-only buffer over each value's bytes, None for those that are not there."""
        return self.client.read_all(keys)

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
                    watch_keys(self._ledger.count)
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


class _Current:
    """The connection of a process, if it has one."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.connection: Connection | None = None


def current(patience_s: float = REPLACEMENT_S) -> Connection:
    """Give this process's connection, waiting so long for a worker that is being started.

    Raises NotInitializedError when the backend is not running, and StoreUnavailableError when it
    is, and has no worker on this node in time.
    """
    held = of_process(_Current)
    connection = held.connection
    if connection is not None and connection.scope == _scope():
        return connection
    with held.lock:
        connection, scope = held.connection, _scope()
        if connection is None or connection.scope != scope:
            _retire(connection)
            found = discovery.find_worker(patience_s)
            held.connection = connection = Connection(found, scope)
        return connection


def is_there() -> bool:
    """Tell whether this process has been told of a worker, without asking anybody."""
    connection = of_process(_Current).connection
    return connection is not None and connection.scope == _scope()


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


def forget() -> None:
    """Ask for the worker's address again next time."""
    held = of_process(_Current)
    with held.lock:
        _retire(held.connection)
        held.connection = None


def follow(connection: Connection, endpoint: WorkerEndpoint) -> None:
    """Use the worker that the coordinator has named now, if `connection` is still the one used."""
    held = of_process(_Current)
    with held.lock:
        if connection is held.connection:
            _retire(connection)
            held.connection = Connection(endpoint, connection.scope)


def _retire(connection: Connection | None) -> None:
    if connection is not None:
        connection.close()


def _scope() -> Scope:
    return discovery.node_id(), discovery.job_id()
