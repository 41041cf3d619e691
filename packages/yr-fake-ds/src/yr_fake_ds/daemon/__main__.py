"""The worker process; started by `dscli start`, ended by SIGTERM.

    flags -> port -> directories -> memory -> cluster -> serving -> ready ... SIGTERM -> gone

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
from yr_fake_ds.admission import Admission
from yr_fake_ds.daemon.clients import Clients
from yr_fake_ds.daemon.coordination import Coordination, coordinate
from yr_fake_ds.daemon.device_requests import DeviceRequests
from yr_fake_ds.daemon.endpoint import END_SIGNALS, StartError, listen_at
from yr_fake_ds.daemon.home import LOG_NAME, Home, HomeError
from yr_fake_ds.daemon.inspection import Inspector
from yr_fake_ds.daemon.keys import Keys
from yr_fake_ds.daemon.memory import Memory
from yr_fake_ds.daemon.publication import Publication
from yr_fake_ds.daemon.reading import Reading
from yr_fake_ds.daemon.requests import RequestHandler
from yr_fake_ds.daemon.server import WorkerServer
from yr_fake_ds.daemon.settings import FlagError, WorkerSettings, parse_settings
from yr_fake_ds.directory.remote import DirectoryLostError
from yr_fake_ds.faults.injection import Injector
from yr_fake_ds.faults.plan import FaultPlanError, plan_from
from yr_fake_ds.journal import Journal
from yr_fake_ds.profile import UnknownProfileError

DEVICE_PATIENCE_MS: Final = 10_000
MEBIBYTE: Final = 2**20
MAX_MEMORY_MB: Final = 2**20
WRONG_FLAGS: Final = 1
FAILED: Final = 255


def main() -> None:
    """Run a worker until it is told to stop."""
    signal.pthread_sigmask(signal.SIG_BLOCK, END_SIGNALS)
    try:
        settings = parse_settings(sys.argv[1:], os.environ)
        plan = plan_from(os.environ)
    except (FlagError, FaultPlanError, UnknownProfileError) as error:
        sys.exit(_say(error, WRONG_FLAGS))
    try:
        tcp = listen_at(settings.worker_address)
    except StartError as error:
        sys.exit(_say(error, FAILED))
    home = Home(settings)
    try:
        home.take()
        coordination = _run(settings, home, Injector(plan), tcp)
    except HomeError as error:
        sys.exit(_say(error, FAILED))
    except StartError as error:
        home.log(str(error))
        home.leave()
        sys.exit(_say(error, FAILED))
    signal.sigwait(END_SIGNALS)
    _say_goodbye(settings.worker_address, coordination)
    home.leave()
    os._exit(0)


def _run(
    settings: WorkerSettings, home: Home, injector: Injector, tcp: socket.socket
) -> Coordination:
    """Begin to serve, in threads."""
    memory = _memory(settings.shared_memory_size_mb)
    coordination = coordinate(settings, memory, home)
    _serve(settings, memory, coordination, injector, tcp, home.socket_path)
    if coordination.member is not None:
        coordination.member.stay()
    home.announce_ready()
    home.log(f"Worker {settings.worker_address} is ready")
    _leave_the_console(settings.log_dir)
    return coordination


def _say_goodbye(address: str, coordination: Coordination) -> None:
    with contextlib.suppress(DirectoryLostError):
        coordination.directory.leave(address)
    if coordination.member is not None:
        coordination.member.leave()


def _serve(
    settings: WorkerSettings,
    memory: Memory,
    coordination: Coordination,
    injector: Injector,
    tcp: socket.socket,
    path: str,
) -> WorkerServer:
    journal, directory = Journal(), coordination.directory
    address = settings.worker_address
    keys = Keys(address, memory, directory)
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
    inspector = Inspector(terms.worker_id, memory, clients, journal, directory, injector)
    server = WorkerServer(
        terms,
        memory,
        clients,
        handler,
        journal,
        inspector,
        injector,
        Admission(everyone=settings.serves_everyone),
        coordination.serve,
    )
    server.start(tcp)
    return server


def _memory(size_mb: int) -> Memory:
    if size_mb > MAX_MEMORY_MB:
        raise StartError("failed to mmap shared memory: Cannot allocate memory")
    try:
        return Memory(size_mb * MEBIBYTE)
    except OSError as error:
        raise StartError(f"failed to mmap shared memory: {error.strerror}") from error


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
