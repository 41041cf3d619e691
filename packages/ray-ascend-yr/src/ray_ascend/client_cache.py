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
import os
import socket
import threading
from typing import Any, Protocol, TypeVar

from ray_ascend.client import StoreClient
from ray_ascend.endpoint import WorkerEndpoint
from ray_ascend.errors import StoreUnavailableError
from ray_ascend.npu_client import NpuClient

_PROBE_S = 0.5
_NOBODYS_KEY = "yr-client-probe"


class _Client(Protocol):
    endpoint: WorkerEndpoint
    sdk: Any


Client = TypeVar("Client", bound=_Client)

_lock = threading.Lock()
_clients: dict[tuple[int, type[_Client], object], _Client] = {}


def client_of(endpoint: WorkerEndpoint) -> StoreClient:
    """Give the client of this process for a worker, connecting at first use; any thread."""
    return _connected(endpoint, StoreClient, endpoint.address)


def npu_client_of(endpoint: WorkerEndpoint) -> NpuClient:
    """Give the device client of this process for a worker, connecting at first use; any thread.

    Raises StoreUnavailableError, without a call of the SDK, once that worker has ended.
    """
    client = _connected(endpoint, NpuClient, endpoint)
    if has_ended(endpoint):
        raise StoreUnavailableError(
            f"the datasystem worker at {endpoint.address} (process {endpoint.pid}) has ended, and "
            "what was on offer through it is not any more"
        )
    return client


def has_ended(endpoint: WorkerEndpoint) -> bool:
    """Tell whether a worker that this process has used NPUs with has ended."""
    client = _clients.get((os.getpid(), NpuClient, endpoint))
    return isinstance(client, NpuClient) and client.worker.is_over()


def _connected(endpoint: WorkerEndpoint, kind: type[Client], place: object) -> Client:
    key = (os.getpid(), kind, place)
    with _lock:
        if key not in _clients:
            try:
                _clients[key] = kind(endpoint)  # type: ignore[call-arg]  # a protocol's __init__
            finally:
                # One that could not connect has left static objects, too.
                _end_without_destructors()
        client: Any = _clients[key]
    return client  # type: ignore[no-any-return]


def disconnect() -> None:
    """Give up all clients, in order where that is possible: before a driver stops the workers."""
    for pid, client in _given_up():
        if pid != os.getpid() or not _can_be_destroyed(client):
            _keep_for_ever(client)


@atexit.register
def _leave() -> None:
    """Leave all clients to the worker, which forgets those whose process has ended."""
    for _, client in _given_up():
        _keep_for_ever(client)


def _given_up() -> list[tuple[int, _Client]]:
    with _lock:
        clients = [(pid, client) for (pid, _, _), client in _clients.items()]
        _clients.clear()
    return clients


def _keep_for_ever(client: _Client) -> None:
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(client.sdk))


def _can_be_destroyed(client: _Client) -> bool:
    if isinstance(client, NpuClient) and client.worker.is_over():
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
      ran into destroyed statics, and the process that had done its work ended by a signal (1 of 6);
    - once `mget_h2d` has been used, one waits for 30 s.

    What Python does at the end has been done by then; what C has buffered is written.
    """
    libc = ctypes.CDLL(None)
    # The last one registered is the first one to run.
    libc.on_exit(libc._exit, None)  # noqa: SLF001 - the C function
    libc.on_exit(libc.fcloseall, None)


def _after_fork_in_child() -> None:
    global _lock  # noqa: PLW0603 - another thread of the parent may have held it
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork_in_child)
