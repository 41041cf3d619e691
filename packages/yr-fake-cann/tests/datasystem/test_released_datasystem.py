"""The released datasystem moves tensors of the released torch_npu on emulated NPUs."""

import importlib.metadata
from pathlib import Path

import pytest
from processes import new_prefix, run, start

from yr_fake_cann import trace

WHEELS = ("torch_npu", "openyuanrong-datasystem")
pytestmark = [
    pytest.mark.skipif(
        not any(importlib.metadata.distributions(name=wheel)), reason=f"{wheel} is not installed"
    )
    for wheel in WHEELS
]

MODES = {
    "inline": {},
    "async": {"YR_FAKE_CANN_STREAMS": "async", "YR_FAKE_CANN_DELAY_US": "1000"},
    "strict": {"YR_FAKE_CANN_STRICT": "1"},
}
POLICIES = {"ffts": "rtGeneralCtrl", "direct": "aclrtMemcpyBatch"}


@pytest.mark.xdist_group("host")
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("mode", MODES)
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
    assert POLICIES[policy] in called
    assert called.isdisjoint(set(POLICIES.values()) - {POLICIES[policy]})


@pytest.mark.parametrize("mode", MODES)
def test_tensors_go_from_device_to_device(pair: tuple[str, str], mode: str) -> None:
    """Held and sent tensors reach another process on another NPU.

    Not the layerwise page-attention calls: in openyuanrong-datasystem 0.8.1 they raise TypeError
    (a missing argument) before they reach any device.
    """
    prefix = new_prefix()
    provider = start("provide", pair[0], prefix, npu=2, **MODES[mode])
    ready = provider.next()

    fetched = run("fetch", pair[1], prefix, npu=3, **MODES[mode])
    provided = provider.finish()

    assert (ready, fetched) == ({"ready": True}, dict.fromkeys(fetched, True))
    assert provided == {"sent": True, "deleted": True}


@pytest.mark.xdist_group("host")
def test_one_npu_on_both_sides_is_refused(worker: str) -> None:
    """The datasystem reports that its communicator could not be made."""
    prefix = new_prefix()
    provider = start("hold", worker, prefix, npu=1)
    provider.next()

    outcome = run("refused", worker, prefix, npu=1)
    provider.finish()

    assert "Comm is nullptr, create communication domain failed" in outcome["error"]


@pytest.mark.xdist_group("host")
def test_host_memory_as_device_memory_is_refused(worker: str) -> None:
    """A blob that lies in host memory is an error, not a copy of whatever is there."""
    outcome = run("from_host_memory", worker, new_prefix(), DS_D2H_MEMCPY_POLICY="direct")

    assert "107000" in outcome["error"]
