"""How a worker finds the directory of its cluster: the two modes.

metastore, head     it keeps the directory, at the metastore address
metastore, other    it joins the directory there; the head may start later
etcd                it takes a place in etcd, where the workers agree who keeps the directory
"""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from yr_fake_ds.addresses import split_address
from yr_fake_ds.admission import Admission
from yr_fake_ds.daemon.endpoint import END_SIGNALS, StartError, listen_at
from yr_fake_ds.daemon.home import Home
from yr_fake_ds.daemon.memory import Memory
from yr_fake_ds.daemon.settings import WorkerSettings
from yr_fake_ds.directory.remote import DirectoryLostError, NotAdmittedError, RemoteDirectory
from yr_fake_ds.directory.server import DirectoryServer, admitting
from yr_fake_ds.directory.service import Directory, DirectoryService
from yr_fake_ds.listener import Serve
from yr_fake_ds.membership.access import AccessError, access_of
from yr_fake_ds.membership.directory import ElectedDirectory
from yr_fake_ds.membership.gateway import EtcdLostError, EtcdUnreachableError, Gateway
from yr_fake_ds.membership.member import Member

JOIN_PAUSE_S: Final = 0.05
ETCD_PATIENCE_S: Final = 1.0
"""Of a worker with `--enable_distributed_master false`; the released one ends after 1 to 6 s."""
ETCD_FAILS: Final = "The worker does not meet the conditions for starting when etcd fails"


@dataclass(frozen=True)
class Coordination:
    """The directory, and what it needs of the worker."""

    directory: Directory
    serve: Serve | None = None
    """Serves connections of other workers that come to this worker's own address."""
    member: Member | None = None


def coordinate(settings: WorkerSettings, memory: Memory, home: Home) -> Coordination:
    """Take part in the cluster; waits as long as whoever started this process does."""
    admission = Admission(everyone=settings.serves_everyone)
    if not settings.metastore_address:
        return _in_etcd(settings, memory, home, admission)
    if settings.start_metastore_service:
        service = DirectoryService()
        service.join(settings.worker_address, memory.drop)
        DirectoryServer(service).listen(listen_at(settings.metastore_address), admission)
        return Coordination(service)
    remote = RemoteDirectory(*split_address(settings.metastore_address))
    me = settings.worker_address
    _patiently(
        lambda: remote.follow(me, memory.drop, lost=memory.survive, refused=home.log),
        home,
        "The metastore does not answer, waiting for it",
    )
    return Coordination(remote)


def _in_etcd(
    settings: WorkerSettings, memory: Memory, home: Home, admission: Admission
) -> Coordination:
    directory = ElectedDirectory(settings.worker_address, memory)
    member = Member(
        settings.worker_address,
        settings.cluster_name,
        _gateway(settings),
        directory,
        (settings.node_timeout_s, settings.node_dead_timeout_s),
        lambda reason: _end_itself(home, reason),
    )

    patience_s = math.inf if settings.enable_distributed_master else ETCD_PATIENCE_S
    deadline = time.monotonic() + patience_s

    def enter() -> None:
        try:
            member.enter()
        except NotAdmittedError:
            member.leave()
            raise
        except EtcdUnreachableError as error:
            if time.monotonic() > deadline:
                raise StartError(f"{ETCD_FAILS}[cause: {error}]") from error
            raise

    _patiently(enter, home, "The cluster in etcd cannot be entered, trying again")
    return Coordination(directory, admitting(directory.serve, admission), member)


def _gateway(settings: WorkerSettings) -> Gateway:
    try:
        return Gateway(settings.etcd_address.split(","), access=access_of(settings))
    except AccessError as error:
        raise StartError(str(error)) from error


def _end_itself(home: Home, reason: str) -> None:
    home.log(reason)
    os.kill(os.getpid(), signal.SIGTERM)


def _patiently(attempt: Callable[[], None], home: Home, complaint: str) -> None:
    starter = os.getppid()
    told = False
    while True:
        try:
            attempt()
        except NotAdmittedError as error:
            raise StartError(str(error)) from error
        except (DirectoryLostError, EtcdLostError) as error:
            if not told:
                home.log(f"{complaint}: {error}")
            told = True
        else:
            return
        if signal.sigtimedwait(END_SIGNALS, JOIN_PAUSE_S) or os.getppid() != starter:
            raise StartError(f"told to stop while it waited for its cluster. {complaint}")
