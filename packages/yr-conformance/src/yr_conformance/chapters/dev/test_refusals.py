"""DEV: what device calls refuse, and what they do to the current device."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from yr_conformance.datasystem.clients import Keys
from yr_conformance.datasystem.statuses import raises_status
from yr_conformance.device.clauses import EMULATED, MUST, clause
from yr_conformance.device.settling import await_gone, settled
from yr_conformance.device.station_process import StationProcess

SETTING = ("mset_d2h", "dev_mset", "dev_send", "dev_recv")
ALL = (*SETTING, "mget_h2d", "dev_mget")


@pytest.fixture
def device_keys(npu0: StationProcess, own_keys: Keys) -> Iterator[Keys]:
    """Keys of the test's own; as device keys they are deleted afterwards."""
    yield own_keys
    if own_keys.made:
        assert settled(npu0, "dev_delete", own_keys.made) == []


@clause("DEV-REF-01", MUST, source=EMULATED)
def test_both_sides_on_one_npu(
    npu0: StationProcess, new_station: Callable[..., StationProcess], device_keys: Keys
) -> None:
    """A receiver on the sender's NPU in another process fails; the communicator is the reason."""
    npu0.ask("make", "x", 1)
    npu0.ask("dev_mset", [device_keys()], ["x"])
    same = new_station(0)
    same.ask("make", "r", 0)

    with raises_status("Runtime error", "Comm is nullptr, create communication domain failed"):
        same.ask("dev_mget", [device_keys()], ["r"], 500)


@clause("DEV-REF-02", MUST, source=EMULATED)
def test_more_than_there_is(npu0: StationProcess, npu1: StationProcess, device_keys: Keys) -> None:
    """Asking for more bytes than are offered is an invalid parameter that tells both ranges."""
    npu0.ask("make", "x", 1)
    npu0.ask("dev_mset", [device_keys()], ["x"])
    npu1.ask("make", "r", 0, 2000)
    text = "exceeds the available data of sender. Available data size: 4000, Requested: offset="

    with raises_status("Invalid parameter", text + "0, size=8000, end=8000"):
        npu1.ask("dev_mget", [device_keys()], ["r"])
    with raises_status("Invalid parameter", text + "5000, size=8000, end=13000"):
        npu1.ask("blobs", "dev_mget", [device_keys()], [("r", 1, 5000)], 0)


@clause("DEV-REF-03", MUST, source=EMULATED)
def test_the_number_of_blobs_must_agree(
    npu0: StationProcess, npu1: StationProcess, device_keys: Keys
) -> None:
    """Another number of blobs than was offered is an invalid parameter that names both."""
    npu0.ask("make", "x", 1)
    npu0.ask("blobs", "dev_mset", [device_keys()], [("x", 4)])
    npu1.ask("make", "r", 0)

    with raises_status("Invalid parameter", "src size is: 4, dst size is: 1"):
        npu1.ask("dev_mget", [device_keys()], ["r"])


@clause("DEV-REF-04", MUST, source=EMULATED)
def test_another_device_than_the_current_one(npu0: StationProcess, device_keys: Keys) -> None:
    """Device calls want the blobs on the calling thread's device."""
    npu0.ask("make", "x", 1)

    with raises_status("Runtime error", "The input deviceIdx(3) is not the same", "used(0)"):
        npu0.ask("blobs", "dev_mset", [device_keys()], [("x", 1, 0, 3)])


@clause("DEV-REF-16", MUST, source="CANN: aclInit, default device, which torch_npu asks for")
def test_a_thread_without_a_device(npu0: StationProcess, device_keys: Keys) -> None:
    """A thread that has chosen no device has the process's default one."""
    npu0.ask("make", "x", 1)

    assert npu0.ask("in_a_thread", "dev_mset", [device_keys()], ["x"]) == []


@clause("DEV-REF-05", MUST, source=EMULATED)
@pytest.mark.parametrize("call", ["mset_d2h", "dev_mset"])
def test_a_device_that_does_not_exist(npu0: StationProcess, device_keys: Keys, call: str) -> None:
    """An index beyond the machine's devices is an invalid parameter."""
    npu0.ask("make", "x", 1)

    with raises_status("Invalid parameter", "Got Error/ABNORMAL device, deviceId: 99"):
        npu0.ask("blobs", call, [device_keys()], [("x", 1, 0, 99)])


@clause("DEV-REF-06", MUST, source=EMULATED)
def test_host_copies_change_the_current_device(npu0: StationProcess, device_keys: Keys) -> None:
    """After `mset_d2h` for another device that one is current, and device calls for others fail."""
    npu0.ask("make", "x", 1)
    npu0.ask("dev_mset", [device_keys("before")], ["x"])

    npu0.ask("blobs", "mset_d2h", [device_keys("host")], [("x", 1, 0, 3)])

    with raises_status("Runtime error", "which client used(3)"):
        npu0.ask("dev_mset", [device_keys("after")], ["x"])
    npu0.ask("use", 0)
    assert npu0.ask("dev_mset", [device_keys("after")], ["x"]) == []
    assert npu0.ask("delete", [device_keys("host")]) == []


@clause("DEV-REF-07", MUST, source=EMULATED)
def test_blobs_that_are_none(npu0: StationProcess, device_keys: Keys) -> None:
    """A key without blobs, or with a blob of no bytes, is an invalid parameter."""
    npu0.ask("make", "x", 1)
    npu0.ask("make", "nothing", 1, 0)

    with raises_status("Invalid parameter", "DeviceBlobList.blobs array cannot be empty"):
        npu0.ask("blobs", "dev_mset", [device_keys()], [("x", 0)])
    with raises_status("Invalid parameter", "The size value should be bigger than zero."):
        npu0.ask("blobs", "dev_mset", [device_keys()], [("x", 5000)])


@clause("DEV-REF-08", MUST, source=EMULATED)
@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("mset_d2h", "The size of objKeys(2) and devBlobList(1) does not match"),
        ("mget_h2d", "The size of objKeys(2) and devBlobList(1) does not match"),
        ("dev_mset", "The size of keys and devBlobList does not match"),
        ("dev_mget", "The size of objectKeys and blob2dList does not match"),
        ("dev_send", "The size of objectKeys and devBlobList does not match"),
        ("dev_recv", "The size of objectKeys and devBlobList does not match"),
    ],
)
def test_lists_of_different_lengths(
    npu0: StationProcess, device_keys: Keys, call: str, text: str
) -> None:
    """As many tensors as keys are wanted; the call is an invalid parameter otherwise."""
    npu0.ask("make", "x", 1)

    with raises_status("Invalid parameter", text):
        npu0.ask(call, [device_keys("a"), device_keys("b")], ["x"])


@clause("DEV-REF-09", MUST, source=EMULATED)
@pytest.mark.parametrize("call", ALL)
def test_empty_lists(npu0: StationProcess, call: str) -> None:
    """Empty lists are a RuntimeError without a status."""
    with pytest.raises(RuntimeError, match=r"^The input of keys and data_blob_list should not be"):
        npu0.ask(call, [], [])


@clause("DEV-REF-10", MUST, source=EMULATED)
@pytest.mark.parametrize("call", ALL)
def test_keys_that_are_none(npu0: StationProcess, call: str) -> None:
    """An empty key, or one with other characters than keys have, is an invalid parameter."""
    npu0.ask("make", "x", 1)

    with raises_status("Invalid parameter", "keys[0] can not be empty"):
        npu0.ask(call, [""], ["x"])
    with raises_status("Invalid parameter", "The key contains illegal char(s)"):
        npu0.ask(call, ["a b"], ["x"])


@clause("DEV-REF-11", MUST, source=EMULATED)
def test_later_keys_are_looked_at_too(npu0: StationProcess, device_keys: Keys) -> None:
    """`dev_mset` refuses a call of which any key is illegal."""
    npu0.ask("make", "x", 1)

    with raises_status("Invalid parameter", "The key contains illegal char(s)"):
        npu0.ask("dev_mset", [device_keys(), "a b"], ["x", "x"])
    await_gone(npu0, device_keys())


@clause("DEV-REF-12", MUST, source=EMULATED)
@pytest.mark.parametrize("call", ALL)
def test_tensors_that_are_not_on_a_device(
    npu0: StationProcess, device_keys: Keys, call: str
) -> None:
    """A tensor on the CPU is a ValueError."""
    with pytest.raises(ValueError, match=r"^cpu tensor, not a npu/Ascend tensor"):
        npu0.ask("on_host", call, [device_keys()])


@clause("DEV-REF-13", MUST, source=EMULATED)
@pytest.mark.parametrize("call", ALL)
def test_tensors_that_are_not_contiguous(
    npu0: StationProcess, device_keys: Keys, call: str
) -> None:
    """A view that is not contiguous is a TypeError that says what to do."""
    npu0.ask("count_up", "matrix", 4, 5)

    with pytest.raises(TypeError, match=r"^Tensor memory is not contiguous"):
        npu0.ask("transposed", call, [device_keys()], "matrix")


@clause("DEV-REF-14", MUST, source=EMULATED)
def test_ranges_and_keys_must_be_as_many(npu0: StationProcess, device_keys: Keys) -> None:
    """`dev_mget_into_tensor` with another number of ranges is a RuntimeError without a status."""
    npu0.ask("make", "r", 0)

    with pytest.raises(RuntimeError, match="copy_ranges do not match, keys:1, copy_ranges:0"):
        npu0.ask("dev_mget_into_tensor", [device_keys()], "r", [], 0)


@clause("DEV-REF-15", MUST, source=EMULATED)
def test_empty_lists_of_keys(npu0: StationProcess) -> None:
    """Deleting nothing and asking about nothing are errors."""
    for call in ("delete", "dev_delete", "exist"):
        with raises_status("Invalid parameter", "The keys are empty"):
            npu0.ask(call, [])
    with pytest.raises(RuntimeError, match=r"^The input of keys should not be empty"):
        assert settled(npu0, "dev_local_delete", []) == []
