"""The released datasystem on emulated NPUs: both sides of a transfer on one worker."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from processes import IN_MODES, MODES, new_prefix, provided_and_fetched, run, started
from worker import workers

from yr_fake_cann import trace

pytestmark = pytest.mark.long

# By which of these calls the copy policies of the datasystem can be told apart.
POLICIES: Final = {
    "ffts": {"rtGeneralCtrl", "aclrtMallocHost"},
    "huge_ffts": {"rtGeneralCtrl"},
    "direct": {"aclrtMemcpyBatch"},
}


@pytest.fixture(scope="module")
def worker() -> Iterator[str]:
    """Give the address of a worker."""
    with workers(1) as (address,):
        yield address


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("mode", IN_MODES)
def test_tensors_go_to_the_host_and_back(
    worker: str, tmp_path: Path, mode: str, policy: str
) -> None:
    """Every dtype and the page-attention calls, with the copies that the policy stands for."""
    target = str(tmp_path / "calls.txt")
    copies = {"DS_D2H_MEMCPY_POLICY": policy, "DS_H2D_MEMCPY_POLICY": policy}
    settings = {**MODES[mode], **copies, trace.VARIABLE: target}

    result = run("to_host_and_back", worker, new_prefix(), npu=0, **settings)

    assert result == dict.fromkeys(result, True)
    called = {record.name for record in trace.read(target)}
    assert called & set().union(*POLICIES.values()) == POLICIES[policy]


@pytest.mark.parametrize("mode", IN_MODES)
def test_tensors_go_from_device_to_device(worker: str, mode: str) -> None:
    """Held, sent and published memory reaches another process on another NPU."""
    provided, fetched = provided_and_fetched(worker, worker, mode)

    assert provided == dict.fromkeys(provided, True)
    assert fetched == dict.fromkeys(fetched, True)


def test_one_npu_on_both_sides_is_refused(worker: str) -> None:
    """The datasystem reports that its communicator could not be made."""
    prefix = new_prefix()

    with started("hold", worker, prefix, npu=1) as provider:
        assert provider.next() == {"ready": True}
        outcome = run("refused", worker, prefix, npu=1)

    assert "Comm is nullptr, create communication domain failed" in outcome["error"]


def test_host_memory_as_device_memory_is_refused(worker: str) -> None:
    """A blob that lies in host memory is an error, not a copy of whatever is there."""
    outcome = run("from_host_memory", worker, new_prefix(), DS_D2H_MEMCPY_POLICY="direct")

    assert "107000" in outcome["error"]
