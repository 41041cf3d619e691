"""The SDK clients of this process: one for each worker address, for as long as it may be needed.

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

from ray_ascend.client import StoreClient
from ray_ascend.endpoint import WorkerEndpoint

_PROBE_S = 0.5

_lock = threading.Lock()
_clients: dict[tuple[int, str, int], StoreClient] = {}


def client_of(endpoint: WorkerEndpoint) -> StoreClient:
    """Give the client of this process for a worker, connecting at first use; any thread."""
    address = (os.getpid(), endpoint.host, endpoint.port)
    with _lock:
        if address not in _clients:
            _clients[address] = StoreClient(endpoint)
        return _clients[address]


@atexit.register
def disconnect() -> None:
    """Give up all clients: in a driver before it stops the workers, and at the end of a process."""
    with _lock:
        while _clients:
            (pid, host, port), client = _clients.popitem()
            if pid != os.getpid() or not _answers(host, port):
                ctypes.pythonapi.Py_IncRef(ctypes.py_object(client.sdk))


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
