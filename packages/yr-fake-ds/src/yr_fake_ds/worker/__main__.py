"""The worker process; started by `dscli start`, ended by SIGTERM.

    flags -> directories -> ports -> memory -> cluster -> serving -> ready ... SIGTERM -> gone

Until it is ready its standard output and error belong to whoever started it, and the last thing on
them is why it ends; then both lead into its log.
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
from yr_fake_ds.worker.device_requests import DeviceRequests
from yr_fake_ds.worker.home import LOG_NAME, Home, HomeError
from yr_fake_ds.worker.inspection import Inspector
from yr_fake_ds.worker.keys import Keys
from yr_fake_ds.worker.memory import Memory
from yr_fake_ds.worker.publication import Publication
from yr_fake_ds.worker.reading import Reading
from yr_fake_ds.worker.requests import RequestHandler
from yr_fake_ds.worker.server import WorkerServer
from yr_fake_ds.worker.settings import FlagError, WorkerSettings, parse_settings, split_address

DEVICE_PATIENCE_MS: Final = 10_000
MEBIBYTE: Final = 2**20
MAX_MEMORY_MB: Final = 2**20
WRONG_FLAGS: Final = 1
FAILED: Final = 255
JOIN_PAUSE_S: Final = 0.05
_END: Final = frozenset({signal.SIGTERM, signal.SIGINT})


class StartError(Exception):
    """The worker cannot start; the text says why."""


def main() -> None:
    """Run a worker until it is told to stop."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _END)
    try:
        settings = parse_settings(sys.argv[1:], os.environ)
    except FlagError as error:
        sys.exit(_say(error, WRONG_FLAGS))
    home = Home(settings)
    try:
        home.take()
        directory = _run(settings, home)
    except HomeError as error:
        sys.exit(_say(error, FAILED))
    except StartError as error:
        home.log(str(error))
        home.leave()
        sys.exit(_say(error, FAILED))
    signal.sigwait(_END)
    with contextlib.suppress(DirectoryLostError):
        directory.leave(settings.worker_address)
    home.leave()
    os._exit(0)


def _run(settings: WorkerSettings, home: Home) -> Directory:
    """Begin to serve, in threads."""
    tcp = _listen(settings.worker_address)
    memory = _memory(settings.shared_memory_size_mb)
    directory = _directory(settings, memory, home)
    _serve(settings, memory, directory, tcp, home.socket_path)
    home.announce_ready()
    home.log(f"Worker {settings.worker_address} is ready")
    _leave_the_console(settings.log_dir)
    return directory


def _serve(
    settings: WorkerSettings, memory: Memory, directory: Directory, tcp: socket.socket, path: str
) -> WorkerServer:
    journal = Journal()
    address, keys = settings.worker_address, Keys(memory, directory)
    clients = Clients(settings.max_client_num, settings.client_dead_timeout_s, keys.forget_client)
    publication = Publication(address, memory, directory)
    reading = Reading(address, memory, directory, clients.remembers)
    devices = DeviceRequests(address, directory, DEVICE_PATIENCE_MS)
    handler = RequestHandler(memory, publication, reading, keys, devices)
    terms = protocol.Welcome(
        worker_id=str(uuid.uuid4()),
        socket_path=path,
        arena_bytes=memory.arena.capacity,
        shm_threshold=settings.oc_shm_transfer_threshold_kb * 1024,
    )
    inspector = Inspector(terms.worker_id, memory, clients, journal, directory)
    server = WorkerServer(terms, memory, clients, handler, journal, inspector)
    server.start(tcp)
    return server


def _memory(size_mb: int) -> Memory:
    if size_mb > MAX_MEMORY_MB:
        raise StartError("failed to mmap shared memory: Cannot allocate memory")
    try:
        return Memory(size_mb * MEBIBYTE)
    except OSError as error:
        raise StartError(f"failed to mmap shared memory: {error.strerror}") from error


def _directory(settings: WorkerSettings, memory: Memory, home: Home) -> Directory:
    if settings.start_metastore_service:
        service = DirectoryService()
        service.join(settings.worker_address, memory.drop)
        DirectoryServer(service, _listen(settings.metastore_address)).start()
        return service
    remote = RemoteDirectory(*split_address(settings.metastore_address))
    _join(remote, settings, memory, home)
    return remote


def _join(remote: RemoteDirectory, settings: WorkerSettings, memory: Memory, home: Home) -> None:
    """Wait for the head as long as whoever started this process does; it may start later."""
    starter = os.getppid()
    told = False
    while True:
        try:
            remote.follow(settings.worker_address, memory.drop, lost=memory.survive)
        except DirectoryLostError as error:
            if not told:
                home.log(f"The metastore does not answer, waiting for it: {error}")
            told = True
        else:
            return
        if signal.sigtimedwait(_END, JOIN_PAUSE_S) or os.getppid() != starter:
            raise StartError("told to stop while it waited for the metastore")


def _listen(address: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(split_address(address))
        sock.listen(BACKLOG)
    except OSError as error:
        reason = f"bind to tcp://{address} unsuccessful: {error.strerror}"
        raise StartError(reason) from error
    return sock


def _leave_the_console(log_dir: str) -> None:
    log = os.open(os.path.join(log_dir, LOG_NAME), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    os.close(log)


def _say(error: Exception, status: int) -> int:
    sys.stderr.write(f"{error}\n")
    return status


if __name__ == "__main__":
    main()
