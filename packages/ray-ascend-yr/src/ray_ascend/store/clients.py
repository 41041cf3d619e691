"""The SDK clients of this process: one of a kind for each worker, for as long as needed.

Destroying a client blocks, with the GIL held, for 3 to 32 s when its worker is dead, for minutes
when that is frozen or about to die, and for ever in a fork (openyuanrong-datasystem 0.8.1). So a
client is destroyed only before its worker is stopped in order, and otherwise kept for ever: by
Python, and by C++, whose static objects hold it too.

    kind          worker started again at the same address
    StoreClient   works again by itself: one for each address
    NpuClient     does not always: one for each worker process, an error once that has ended
"""

from __future__ import annotations

import atexit
import ctypes
import socket
import threading
from typing import Any, Protocol, TypeVar

from ray_ascend.errors import StoreUnavailableError
from ray_ascend.store import worker_memory
from ray_ascend.store.client import StoreClient
from ray_ascend.store.counterpart import check_counterpart
from ray_ascend.store.endpoint import WorkerEndpoint
from ray_ascend.store.npu_client import NpuClient
from ray_ascend.store.process_state import of_ancestors, of_process
from ray_ascend.store.sdk import Client as SdkClient

_PROBE_S = 0.5
_NOBODYS_KEY = "yr-client-probe"


class _Client(Protocol):
    endpoint: WorkerEndpoint

    @property
    def sdk(self) -> SdkClient:
        """The SDK's own client."""
        ...


Client = TypeVar("Client", bound=_Client)


class Clients:
    """Those of this process; `connected` makes them one after the other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[tuple[type[_Client], object], _Client] = {}

    def connected(self, endpoint: WorkerEndpoint, kind: type[Client], place: object) -> Client:
        """Give the client of a kind for a place, connecting it if there is none.

        Raises InstallationError where the worker is none for this process's SDK.
        """
        key = (kind, place)
        with self._lock:
            if key not in self._made:
                check_counterpart(endpoint)
                try:
                    self._made[key] = kind(endpoint)  # type: ignore[call-arg]  # a protocol's
                finally:
                    # One that could not connect has left static objects, too.
                    _end_without_destructors()
            client: Any = self._made[key]
        return client  # type: ignore[no-any-return]

    def npu_client_at(self, endpoint: WorkerEndpoint) -> NpuClient | None:
        """Give the device client for a worker, if there is one."""
        client = self._made.get((NpuClient, endpoint))
        return client if isinstance(client, NpuClient) else None

    def give_up(self) -> list[_Client]:
        """Forget all clients; whoever calls this answers for what becomes of them."""
        with self._lock:
            clients = list(self._made.values())
            self._made.clear()
        return clients


def client_of(endpoint: WorkerEndpoint) -> StoreClient:
    """Give the client of this process for a worker, connecting at first use; any thread."""
    return of_process(Clients).connected(endpoint, StoreClient, endpoint.address)


def npu_client_of(endpoint: WorkerEndpoint) -> NpuClient:
    """Give the device client of this process for a worker, connecting at first use; any thread.

    Raises StoreUnavailableError, without a call of the SDK, once that worker has ended.
    """
    client = of_process(Clients).connected(endpoint, NpuClient, endpoint)
    if has_ended(endpoint):
        raise StoreUnavailableError(
            f"the datasystem worker at {endpoint.address} (process {endpoint.pid}) has ended, and "
            "what was on offer through it is not any more"
        )
    return client


def has_ended(endpoint: WorkerEndpoint) -> bool:
    """Tell whether a worker that this process has used NPUs with has ended."""
    client = of_process(Clients).npu_client_at(endpoint)
    return client is not None and client.worker.is_over()


def disconnect() -> None:
    """Give up all clients, in order where that is possible: before a driver stops the workers."""
    for client in of_process(Clients).give_up():
        if not _can_be_destroyed(client):
            _keep_for_ever(client)


@atexit.register
def _leave() -> None:
    """Leave all clients to the worker, which forgets those whose process has ended."""
    for client in of_process(Clients).give_up():
        _keep_for_ever(client)
    for clients in of_ancestors(Clients):
        _keep_for_ever(clients)


def _keep_for_ever(held: object) -> None:
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(held))


def _can_be_destroyed(client: _Client) -> bool:
    if isinstance(client, NpuClient) and client.worker.is_over():
        return False
    if worker_memory.is_held():
        # The worker gives a client's memory to others as soon as that is destroyed.
        return False
    return _is_reachable(client.endpoint) and _answers(client)


def _is_reachable(endpoint: WorkerEndpoint) -> bool:
    """Tell at once that a worker is dead; the SDK would try for a while."""
    try:
        socket.create_connection((endpoint.host, endpoint.port), _PROBE_S).close()
    except OSError:
        return False
    return True


def _answers(client: _Client) -> bool:
    """Tell a worker that works from one that only takes connections, in the SDK's time."""
    try:
        client.sdk.exist([_NOBODYS_KEY])
    except RuntimeError:
        return False
    return True


def _end_without_destructors() -> None:
    """Let this process end, with its status, before C++ destroys what threads still use.

    Called as soon as there is a client: Ray ends an actor's process from C++, where nothing of
    Python runs any more. What destructors did instead (openyuanrong-datasystem 0.8.1):

    - that of a static object asked a dead worker, again and again, for 6 minutes and more;
    - threads of a device client that was left behind, or to which another NPU was refused once,
      ran into destroyed statics, and the process that had done its work ended by a signal (1 of 6).

    What Python does at the end has been done by then; what C has buffered is written.
    """
    libc = ctypes.CDLL(None)
    # The last one registered is the first one to run.
    libc.on_exit(libc._exit, None)  # noqa: SLF001 - the C function
    libc.on_exit(libc.fcloseall, None)
