"""Kills: what a process leaves behind that had no time to clean up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from raw_client import Connect, inspect
from served_worker import wait_until
from started_worker import Started, dscli, free_port

HERE = Path(__file__).parent
HOLDER = """
import sys
from raw_client import RawClient
client = RawClient(int(sys.argv[1]))
client.put("held", b"x" * 1000)
client.get("held")
client.create(5000)
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(worker: Started) -> Iterator[subprocess.Popen[bytes]]:
    """A process of its own that holds a value and unpublished memory."""
    paths = os.pathsep.join([str(HERE), *sys.path])
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(worker.port)],
        env={**os.environ, "PYTHONPATH": paths},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    yield process
    process.kill()
    process.communicate()


def test_a_killed_client_is_noticed_at_once(
    worker: Started, holder: subprocess.Popen[bytes]
) -> None:
    """Its place is free at once; what it held stays until the dead timeout."""
    before = inspect(worker.port)

    holder.kill()

    wait_until(lambda: inspect(worker.port).clients == [], "the place is free")
    after = inspect(worker.port)
    assert after.held_references == before.held_references == 2
    assert after.used_bytes == before.used_bytes


def test_values_are_in_anonymous_memory(worker: Started) -> None:
    """The worker's memory has no name that could outlive it."""
    maps = Path(f"/proc/{worker.pid}/maps").read_text(encoding="utf-8")

    assert "/memfd:datasystem" in maps
    assert "/dev/shm" not in maps  # noqa: S108 (looked for, not used)


def test_what_is_held_survives_a_killed_worker(worker: Started, connect: Connect) -> None:
    """Readers keep their bytes when the worker is killed, and their connection ends."""
    client = connect(worker.port)
    client.put("k", b"x" * 1000)
    (slot,) = client.get("k")

    os.kill(worker.pid, signal.SIGKILL)

    assert client.registration.recv(1) == b""
    assert client.read(slot) == b"x" * 1000


def test_a_killed_worker_can_be_started_again_in_its_home(
    worker: Started, connect: Connect
) -> None:
    """The next worker in the same directory serves, and the old socket is gone."""
    old = connect(worker.port).welcome.socket_path
    os.kill(worker.pid, signal.SIGKILL)
    wait_until(lambda: not is_running(worker.pid), "the worker is gone")
    address = f"127.0.0.1:{worker.port}"
    metastore = f"127.0.0.1:{free_port()}"

    again = dscli(
        *("start", "-d", worker.home, "-w", "--worker_address", address),
        *("--metastore_address", metastore, "--start_metastore_service", "true"),
    )

    assert again.returncode == 0, again
    assert connect(worker.port).welcome.socket_path != old
    assert not os.path.exists(old)


def test_a_frozen_peer_hurts_nobody(
    worker: Started, holder: subprocess.Popen[bytes], connect: Connect
) -> None:
    """Others are served while a client is stopped."""
    os.kill(holder.pid, signal.SIGSTOP)
    client = connect(worker.port)

    client.put("k", b"value")

    assert client.read(client.get("k")[0]) == b"value"
    os.kill(holder.pid, signal.SIGCONT)


def is_running(pid: int) -> bool:
    """Tell whether a process is there and no zombie."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return status.rsplit(")", 1)[1].split()[0] != "Z"
