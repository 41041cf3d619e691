"""`yr_fake_ds.worker()` and `cluster()`: for scripts and for tests of others."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time

import pytest

import yr_fake_ds
from yr_fake_ds import local_workers
from yr_fake_ds.errors import WorkerError

PATIENCE_S = 30.0
FOREVER = """
import time, yr_fake_ds
with yr_fake_ds.worker() as worker:
    print(worker.port, worker.home, flush=True)
    time.sleep(600)
"""


def test_three_lines() -> None:
    """From nothing to a value that came back."""
    with yr_fake_ds.worker() as worker:
        worker.kv_client().set("greeting", b"hello")

        assert bytes(worker.kv_client().get(["greeting"])[0]) == b"hello"


def test_nothing_is_left() -> None:
    """Neither a process nor a directory, also where the block raises."""
    with contextlib.suppress(KeyError), yr_fake_ds.worker() as worker:
        raise KeyError

    assert not os.path.exists(worker.home)
    with pytest.raises(ConnectionRefusedError):
        worker.inspect()


def test_flags_are_the_released_worker_s() -> None:
    """One that it does not know is refused with dscli's words."""
    with yr_fake_ds.worker(shared_memory_size_mb=16) as worker:
        assert worker.inspect().arena_bytes == 16 * 2**20
    refused = yr_fake_ds.worker(colour="blue")
    with pytest.raises(WorkerError, match="unknown command line flag 'colour'"):
        refused.__enter__()
    with pytest.raises(WorkerError, match="worker_address: chosen here"):
        yr_fake_ds.worker(worker_address="127.0.0.1:1").__enter__()


def test_a_cluster_shares_values() -> None:
    """What is stored at one worker is read at the other."""
    with yr_fake_ds.cluster(2) as (one, other):
        one.kv_client().set("here", b"1")

        assert bytes(other.kv_client().get(["here"])[0]) == b"1"
        assert one.address != other.address


def test_a_worker_that_is_killed_or_restarted() -> None:
    """It comes back at the same address, empty."""
    with yr_fake_ds.worker() as worker:
        worker.kv_client().set("key", b"1")
        before = worker.inspect().pid

        worker.kill()
        worker.start()
        worker.restart()
        worker.kill()
        worker.restart()

        assert worker.inspect().objects == []
        assert worker.inspect().pid != before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_one_whose_starter_is_killed(number: int) -> None:
    """Its process, its port and its directory are gone soon after."""
    with subprocess.Popen([sys.executable, "-c", FOREVER], stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        port, home = starter.stdout.readline().decode().split()
        starter.send_signal(number)

    deadline = time.monotonic() + PATIENCE_S
    while os.path.exists(os.path.dirname(home)) or local_workers._is_closed(int(port)) is False:
        assert time.monotonic() < deadline, "still there"
        time.sleep(0.01)


def test_one_that_the_block_has_stopped() -> None:
    """Its end is not tried twice."""
    with yr_fake_ds.worker() as worker:
        worker.stop()
