"""The SDK clients of this process: one of a kind for each worker address, for as long as needed.

Destroying a client whose worker is dead blocks for 3 to 32 s with the GIL held, at interpreter exit
too, and one that was inherited by fork hangs (measured on openyuanrong-datasystem 0.8.1). A client
whose worker was restarted on the same address, on the other hand, works again by itself. So a
client is destroyed only while its worker answers, and otherwise kept for ever.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import socket
import threading
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from ray_ascend.client import StoreClient
from ray_ascend.endpoint import WorkerEndpoint
from ray_ascend.npu_client import NpuClient

_PROBE_S = 0.5


class _Client(Protocol):
    sdk: Any


Client = TypeVar("Client", bound=_Client)

_lock = threading.Lock()
_clients: dict[tuple[int, str, int, Any], _Client] = {}


def client_of(endpoint: WorkerEndpoint) -> StoreClient:
    """Give the client of this process for a worker, connecting at first use; any thread."""
    return _connected(endpoint, StoreClient)


def npu_client_of(endpoint: WorkerEndpoint) -> NpuClient:
    """Give the device client of this process for a worker, connecting at first use; any thread."""
    return _connected(endpoint, NpuClient)


def _connected(endpoint: WorkerEndpoint, connect: Callable[[WorkerEndpoint], Client]) -> Client:
    address = (os.getpid(), endpoint.host, endpoint.port, connect)
    with _lock:
        if address not in _clients:
            _clients[address] = connect(endpoint)
        client: Any = _clients[address]
    return client  # type: ignore[no-any-return]


@atexit.register
def disconnect() -> None:
    """Give up all clients: in a driver before it stops the workers, and at the end of a process."""
    with _lock:
        while _clients:
            (pid, host, port, _), client = _clients.popitem()
            left_behind = pid != os.getpid() or not _answers(host, port)
            if left_behind:
                ctypes.pythonapi.Py_IncRef(ctypes.py_object(client.sdk))
            if isinstance(client, NpuClient) and (left_behind or client.has_read_host):
                _end_without_destructors()


def _end_without_destructors() -> None:
    """Let this process end, with its status, before C++ destroys what threads still use.

    The threads of a device client that is left behind ran into destroyed statics, and the process
    that had done its work ended by a signal (1 of 6); once `mget_h2d` has been used, a destructor
    waits for 30 s (both on openyuanrong-datasystem 0.8.1).
    """
    libc = ctypes.CDLL(None)
    libc.on_exit(libc._exit, None)  # noqa: SLF001 - the C function


def _answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), _PROBE_S).close()
    except OSError:
        return False
    return True


def _after_fork_in_child() -> None:
    global _lock  # noqa: PLW0603 - another thread of the parent may have held it
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork_in_child)
