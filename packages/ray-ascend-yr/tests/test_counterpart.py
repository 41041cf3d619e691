"""A process and its node's worker must have the same datasystem; tests run on a stand-in."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest
from conftest import wait_until

from ray_ascend.errors import InstallationError
from ray_ascend.store.clients import client_of
from ray_ascend.store.counterpart import check_counterpart
from ray_ascend.store.endpoint import WorkerEndpoint


def endpoint_of(pid: int, home: str) -> WorkerEndpoint:
    """A worker that runs as that process, with that directory."""
    return WorkerEndpoint("node", "127.0.0.1", 1, home, pid)


@pytest.fixture
def released_worker(tmp_path: pathlib.Path) -> Iterator[int]:
    """A process whose program is called as the released worker's."""
    program = tmp_path / "datasystem_worker"
    shutil.copy(os.path.realpath(str(shutil.which("sleep"))), program)
    sleeping = f'exec -a "worker --home={tmp_path}" {program} 60'
    with subprocess.Popen(["bash", "-c", sleeping]) as process:
        wait_until(lambda: psutil.Process(process.pid).exe() == str(program))
        yield process.pid
        process.kill()


def test_a_stand_in_and_a_released_worker(released_worker: int, tmp_path: pathlib.Path) -> None:
    """The error names both, at once, and says what to do."""
    with pytest.raises(InstallationError) as raised:
        client_of(endpoint_of(released_worker, str(tmp_path)))

    said = str(raised.value)
    assert f"process {os.getpid()} has a stand-in for the SDK" in said
    assert f"127.0.0.1:1 (process {released_worker}) is openyuanrong-datasystem's" in said
    assert "yr-fake-ds run --" in said


def test_a_stand_in_and_its_own_worker(tmp_path: pathlib.Path) -> None:
    """A worker that runs in Python belongs to a stand-in."""
    sleeping = [sys.executable, "-c", "input()", str(tmp_path)]
    with subprocess.Popen(sleeping, stdin=subprocess.PIPE) as process:
        check_counterpart(endpoint_of(process.pid, str(tmp_path)))


def test_another_process_of_the_same_number(released_worker: int) -> None:
    """Seen from another container, or reused: nothing is said of it."""
    check_counterpart(endpoint_of(released_worker, "/home-of-another-worker"))


def test_a_worker_that_has_just_died() -> None:
    """Nothing can be said of it here; whoever connects meets the reason."""
    with subprocess.Popen(["true"]) as process:
        process.wait()

    check_counterpart(endpoint_of(process.pid, "/nowhere"))
