"""The worker process; started by `dscli start`, ended by SIGTERM.

It tells that it is ready by the file `probe/ready` in its home, and why it is not on its standard
error, which dscli reads until then.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import uuid
from typing import Final

from yr_fake_ds import protocol
from yr_fake_ds.directory.remote import DirectoryLostError, RemoteDirectory
from yr_fake_ds.directory.server import DirectoryServer
from yr_fake_ds.directory.service import Directory, DirectoryService
from yr_fake_ds.journal import Journal
from yr_fake_ds.listener import BACKLOG
from yr_fake_ds.worker.clients import Clients
from yr_fake_ds.worker.inspection import Inspector
from yr_fake_ds.worker.memory import Memory
from yr_fake_ds.worker.requests import RequestHandler
from yr_fake_ds.worker.server import WorkerServer
from yr_fake_ds.worker.settings import WorkerSettings, parse_settings, split_address
from yr_fake_ds.worker.values import Values

READY: Final = "health check success\n"
MEBIBYTE: Final = 2**20
FAILED: Final = 255


def main() -> None:
    """Run a worker until it is told to stop."""
    settings = parse_settings(sys.argv[1:])
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    memory = Memory(settings.shared_memory_size_mb * MEBIBYTE)
    tcp = _listen(settings.worker_address)
    directory = _directory(settings, memory)
    _serve(settings, memory, directory, tcp)
    ready = os.path.join(settings.home, "datasystem", "probe", "ready")
    _write(ready, READY)
    _write(os.path.join(settings.home, "datasystem", "probe", "healthy"), READY)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    with contextlib.suppress(DirectoryLostError):
        directory.leave(settings.worker_address)
    for path in (ready, socket_path(settings)):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
    os._exit(0)


def socket_path(settings: WorkerSettings) -> str:
    """Return where a worker's Unix socket is."""
    return os.path.join(settings.home, "datasystem", "uds", "client.sock")


def _serve(
    settings: WorkerSettings, memory: Memory, directory: Directory, tcp: socket.socket
) -> None:
    journal = Journal()
    values = Values(settings.worker_address, memory, directory)
    clients = Clients(settings.max_client_num, settings.client_dead_timeout_s, values.forget_client)
    handler = RequestHandler(memory, values)
    terms = protocol.Welcome(
        worker_id=str(uuid.uuid4()),
        socket_path=socket_path(settings),
        arena_bytes=memory.arena.capacity,
        shm_threshold=settings.oc_shm_transfer_threshold_kb * 1024,
    )
    inspector = Inspector(terms.worker_id, memory, clients, journal, directory)
    WorkerServer(terms, memory, clients, handler, journal, inspector).start(tcp)


def _directory(settings: WorkerSettings, memory: Memory) -> Directory:
    if settings.start_metastore_service:
        service = DirectoryService()
        service.join(settings.worker_address, memory.drop)
        DirectoryServer(service, _listen(settings.metastore_address)).start()
        return service
    remote = RemoteDirectory(*split_address(settings.metastore_address))
    remote.follow(settings.worker_address, memory.drop, lost=lambda: None)
    return remote


def _listen(address: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(split_address(address))
        sock.listen(BACKLOG)
    except OSError as error:
        sys.stderr.write(f"bind to tcp://{address} unsuccessful: {error.strerror}\n")
        sys.exit(FAILED)
    return sock


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main()
