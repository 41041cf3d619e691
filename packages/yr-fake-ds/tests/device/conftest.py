"""Fixtures of the device tests: a worker, and processes on emulated NPUs of their own."""

import importlib.util
import itertools
import os
from collections.abc import Callable, Iterator

import pytest
from npu_process import TRANSFER_DRIVER, NpuProcess
from npu_worker import NpuWorker, free_port, running_worker
from transfer_peer import Peer

_NUMBERS = itertools.count()
# What moves device memory needs a CANN; rules that need none are tested in any case.
WITH_NPUS = ["test_device_objects.py", "test_host_blobs.py", "test_send_and_receive.py"]
WITH_NPUS += ["test_lost_senders.py", "test_other_memory.py", "test_transfers.py"]
WITH_NPUS += ["test_transfer_peers.py"]
collect_ignore = [] if importlib.util.find_spec("yr_fake_cann") else WITH_NPUS


@pytest.fixture(scope="session")
def worker() -> Iterator[NpuWorker]:
    """Give a worker that all tests of this process share."""
    with running_worker() as shared:
        yield shared


@pytest.fixture(scope="session")
def other_worker(worker: NpuWorker) -> Iterator[NpuWorker]:
    """Give a worker that joined the first one."""
    with running_worker(worker.metastore) as shared:
        yield shared


@pytest.fixture(scope="session")
def processes(worker: NpuWorker) -> Iterator[list[NpuProcess]]:
    """Give three processes, on NPUs 0, 1 and 2."""
    started = [NpuProcess(worker.port, npu) for npu in range(3)]
    yield started
    for process in started:
        process.end()


@pytest.fixture
def sender(processes: list[NpuProcess]) -> NpuProcess:
    """Give the process on NPU 0."""
    return processes[0]


@pytest.fixture
def receiver(processes: list[NpuProcess]) -> NpuProcess:
    """Give the process on NPU 1."""
    return processes[1]


@pytest.fixture
def third(processes: list[NpuProcess]) -> NpuProcess:
    """Give the process on NPU 2."""
    return processes[2]


@pytest.fixture
def extra(worker: NpuWorker) -> Iterator[Callable[..., NpuProcess]]:
    """Start processes that the test may kill, or that have settings of their own."""
    started: list[NpuProcess] = []

    def start(npu: int, port: int = 0, **settings: str) -> NpuProcess:
        started.append(NpuProcess(port or worker.port, npu, **settings))
        return started[-1]

    yield start
    for process in started:
        process.end()


@pytest.fixture
def key() -> str:
    """Give a key that no other test uses."""
    return f"dev-{os.getpid()}-{next(_NUMBERS)}"


@pytest.fixture
def start() -> Iterator[Callable[..., Peer]]:
    """Start processes with engines, of which the test may stop or kill one."""
    started: list[NpuProcess] = []

    def run(npu: int, **settings: str) -> Peer:
        port = free_port()
        started.append(NpuProcess(port, npu, TRANSFER_DRIVER, **settings))
        peer = Peer(started[-1], port)
        assert peer.ask("get_rpc_port") == port
        return peer

    yield run
    for process in started:
        process.end()


@pytest.fixture
def owner(start: Callable[..., Peer]) -> Peer:
    """Give a process on NPU 0."""
    return start(0)


@pytest.fixture
def reader(start: Callable[..., Peer]) -> Peer:
    """Give a process on NPU 1."""
    return start(1)
