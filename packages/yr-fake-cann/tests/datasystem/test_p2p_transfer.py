"""The released datasystem on emulated NPUs: its own point-to-point transfer instead of HCCL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import IN_MODES, provided_and_fetched
from worker import workers

from yr_fake_cann import trace

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def worker() -> Iterator[str]:
    """Give the address of a worker that lets its clients map each other's device memory."""
    with workers(1, "--enable_p2p_transfer", "true") as (address,):
        yield address


@pytest.mark.parametrize("mode", IN_MODES)
def test_tensors_go_through_shared_device_memory(worker: str, tmp_path: Path, mode: str) -> None:
    """Over memory and notifies of the other process, without HCCL's communicators."""
    target = str(tmp_path / "calls.txt")

    provided, fetched = provided_and_fetched(worker, worker, mode, **{trace.VARIABLE: target})

    assert provided == dict.fromkeys(provided, True)
    assert fetched == dict.fromkeys(fetched, True)
    called = {record.name for record in trace.read(target)}
    assert {"rtIpcOpenMemory", "rtIpcOpenNotify"} <= called
    assert not any(name.startswith("HcclComm") for name in called)
