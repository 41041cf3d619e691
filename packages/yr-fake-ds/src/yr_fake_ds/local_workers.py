"""Workers for a test or a script: three lines from nothing to a value that came back.

    with yr_fake_ds.worker() as worker:
        client = worker.kv_client()
        client.set("greeting", b"hello")

They are started and stopped as users do it, by `dscli`, on ports of 127.0.0.1 that are free, in a
directory that goes with them. They end with the process that started them, even if it is killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from yr_fake_ds.errors import WorkerError
from yr_fake_ds.inspect import Inspection, inspect_worker
from yr_fake_ds.lifeline import tied_to_this_process
from yr_fake_ds.sdk.kv_client import KVClient
from yr_fake_ds.sdk.object_client import ObjectClient

HOST: Final = "127.0.0.1"
_SHORT: Final = "/tmp"  # noqa: S108 - the paths of sockets below it must be short
_FLAGS: Final = {"shared_memory_size_mb": 64}
_OWN_FLAGS: Final = {"worker_address", "metastore_address", "start_metastore_service"}
_POLL_S: Final = 0.005
_Client = TypeVar("_Client", KVClient, ObjectClient)


@dataclass
class Worker:
    """A running worker; used by the process that started it, from any thread.

    Flags are those of the released worker (`shared_memory_size_mb=256`).
    """

    port: int
    metastore: str
    home: str
    keeps_metastore: bool
    flags: dict[str, Any] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Host and port, as `--worker_address` has it."""
        return f"{HOST}:{self.port}"

    def kv_client(self, **options: Any) -> KVClient:
        """Give a new connected KVClient; options are those of its constructor."""
        return _connected(KVClient(HOST, self.port, **options))

    def object_client(self, **options: Any) -> ObjectClient:
        """Give a new connected ObjectClient; options are those of its constructor."""
        return _connected(ObjectClient(HOST, self.port, **options))

    def start(self) -> None:
        """Start it; WorkerError with dscli's reason if that is impossible."""
        head = ["--start_metastore_service", "true"] if self.keeps_metastore else []
        addresses = ["--worker_address", self.address, "--metastore_address", self.metastore]
        flags = [text for name, value in self.flags.items() for text in (f"--{name}", str(value))]
        _dscli("start", "-d", self.home, "-w", *addresses, *head, *flags)

    def stop(self) -> None:
        """Stop it in order; nothing of its values is left."""
        _dscli("stop", "--worker_address", self.address)

    def kill(self) -> None:
        """End it as a crash would; `start` brings one back at the same address."""
        pid = self.inspect().pid
        os.kill(pid, signal.SIGKILL)
        _wait_until_closed(self.port)

    def restart(self) -> None:
        """Stop it, unless it was killed, and start it again, empty, at the same address."""
        if not _is_closed(self.port):
            self.stop()
        self.start()

    def inspect(self, *, journal: bool = False) -> Inspection:
        """Look at what it holds, and with a journal at the calls it has served."""
        return inspect_worker(self.address, journal=journal)


def _connected(client: _Client) -> _Client:
    client.init()
    return client


@contextlib.contextmanager
def worker(**flags: Any) -> Iterator[Worker]:
    """Start a worker for the block, with a metastore of its own; nothing of it is left behind.

    Raises WorkerError, with what dscli says, for flags that the worker refuses.
    """
    with cluster(1, **flags) as (one,):
        yield one


@contextlib.contextmanager
def cluster(count: int, **flags: Any) -> Iterator[list[Worker]]:
    """Start so many workers for the block; the first keeps the metastore that all of them share."""
    if ours := _OWN_FLAGS & flags.keys():
        raise WorkerError(f"{', '.join(sorted(ours))}: chosen here, see `address` and `metastore`")
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="yrw-", dir=_SHORT, ignore_cleanup_errors=True)
        )
        stack.enter_context(tied_to_this_process(directory))
        metastore, *ports = _free_ports(count + 1)
        workers = []
        for number, port in enumerate(ports):
            home = os.path.join(directory, str(number))
            new = Worker(port, f"{HOST}:{metastore}", home, not number, {**_FLAGS, **flags})
            stack.callback(_end, new)
            new.start()
            workers.append(new)
        yield workers


def _end(one: Worker) -> None:
    """Stop it, unless the block has stopped or killed it, or it has not begun."""
    if not _is_closed(one.port):
        one.stop()


def _dscli(*words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "yr_fake_ds.dscli", *words],
        # Modules of the caller's directory are not ours.
        env={**os.environ, "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise WorkerError(f"dscli {' '.join(words)}: {done.stderr.strip() or done.stdout.strip()}")


def _free_ports(count: int) -> list[int]:
    """Ask the system for ports, all at once so that they differ."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((HOST, 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def _wait_until_closed(port: int) -> None:
    while not _is_closed(port):
        time.sleep(_POLL_S)


def _is_closed(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) != 0
