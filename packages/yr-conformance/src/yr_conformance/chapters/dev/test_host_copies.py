"""DEV: device memory to host values and back, `mset_d2h` and `mget_h2d`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from yr_conformance.datasystem.clients import Keys
from yr_conformance.datasystem.statuses import raises_status
from yr_conformance.datasystem.worker import Worker
from yr_conformance.device.clauses import EMULATED, MUST, clause
from yr_conformance.device.station_process import StationProcess
from yr_conformance.waiting import wait_until

BIG = 2**20


@clause("DEV-HOST-01", MUST, source=EMULATED)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int64", "bool", "uint8"])
def test_bytes_go_to_the_host_and_to_another_npu(
    client: Any, npu0: StationProcess, npu1: StationProcess, own_keys: Keys, dtype: str
) -> None:
    """What one process stores from its NPU, another loads into memory of its own NPU."""
    npu0.ask("make", "x", 1, 1000, dtype)
    npu1.ask("make", "r", 0, 1000, dtype)

    assert npu0.ask("mset_d2h", [own_keys()], ["x"]) is None

    assert npu1.ask("mget_h2d", [own_keys()], ["r"]) == []
    assert npu1.ask("values", "r") == [1]


@clause("DEV-HOST-02", MUST, source=EMULATED)
def test_several_blobs_are_one_value(
    client: Any, npu0: StationProcess, npu1: StationProcess, own_keys: Keys
) -> None:
    """A value of several blobs is loaded into as many blobs of the same sizes."""
    npu0.ask("count_up", "x", 8, 125)
    npu1.ask("make", "r", 0)
    npu0.ask("blobs", "mset_d2h", [own_keys()], [("x", 4)])

    npu1.ask("blobs", "mget_h2d", [own_keys()], [("r", 4)], 0)

    assert npu1.ask("at", "r", 0, 249, 250, 999) == [0, 249, 250, 999]


@clause("DEV-HOST-03", MUST, source=EMULATED)
def test_big_tensors(
    client: Any, npu0: StationProcess, npu1: StationProcess, own_keys: Keys
) -> None:
    """Tensors of megabytes arrive whole."""
    npu0.ask("count_up", "big", BIG)
    npu1.ask("make", "r", 0, BIG)
    npu0.ask("mset_d2h", [own_keys()], ["big"])

    npu1.ask("mget_h2d", [own_keys()], ["r"])

    assert npu1.ask("at", "r", 0, 1, BIG - 1) == [0, 1, BIG - 1]


@clause("DEV-HOST-04", MUST, source=EMULATED)
def test_an_existing_key_keeps_its_value(
    client: Any, npu0: StationProcess, npu1: StationProcess, own_keys: Keys
) -> None:
    """Storing an existing key changes nothing and succeeds; new keys of the call are stored."""
    for name, value in (("x", 1), ("y", 2)):
        npu0.ask("make", name, value)
        npu1.ask("make", name, 0)
    npu0.ask("mset_d2h", [own_keys("old")], ["x"])

    assert npu0.ask("mset_d2h", [own_keys("old"), own_keys("new")], ["y", "y"]) is None

    npu1.ask("mget_h2d", [own_keys("old"), own_keys("new")], ["x", "y"])
    assert npu1.ask("values", "x") == [1]
    assert npu1.ask("values", "y") == [2]


@clause("DEV-HOST-05", MUST, source=EMULATED)
def test_a_value_of_set_is_kept_too(client: Any, npu0: StationProcess, own_keys: Keys) -> None:
    """Storing a key that `KVClient.set` wrote leaves that value."""
    npu0.ask("make", "x", 1)
    client.set(own_keys(), b"mine")

    npu0.ask("mset_d2h", [own_keys()], ["x"])

    assert client.get([own_keys()]) == [b"mine"]


@clause("DEV-HOST-06", MUST, source=EMULATED)
def test_missing_keys_among_others_are_returned(
    fresh_worker: Callable[..., Worker],
    new_station: Callable[..., StationProcess],
    own_keys: Keys,
) -> None:
    """`mget_h2d` returns the missing keys and loads the others.

    At a worker of its own: where a `dev_mget` has waited in vain before, such a call never answers
    (5 of 5, measured on openyuanrong-datasystem 0.8.1).
    """
    station = new_station(0, at=fresh_worker())
    station.ask("make", "x", 1)
    station.ask("make", "r", 0)
    station.ask("make", "s", 0)
    station.ask("mset_d2h", [own_keys()], ["x"])

    missing = station.ask("mget_h2d", [own_keys("no"), own_keys()], ["s", "r"], 50)

    assert missing == [own_keys("no")]
    assert station.ask("values", "r") == [1]


@clause("DEV-HOST-07", MUST, source=EMULATED)
def test_all_missing_is_an_error(client: Any, npu0: StationProcess, own_keys: Keys) -> None:
    """`mget_h2d` raises Key not found if none of the keys exists."""
    npu0.ask("make", "r", 0)

    with raises_status("Key not found", "Cannot get objects from worker"):
        npu0.ask("mget_h2d", [own_keys()], ["r"])


@clause("DEV-HOST-08", MUST, source=EMULATED)
def test_a_late_key_is_waited_for(
    client: Any, npu0: StationProcess, npu1: StationProcess, own_keys: Keys
) -> None:
    """`mget_h2d` waits up to `sub_timeout_ms` and ends when the key is stored."""
    npu0.ask("make", "x", 3)
    npu1.ask("make", "r", 0)
    npu1.begin("mget_h2d", [own_keys()], ["r"], 30_000)

    npu0.ask("mset_d2h", [own_keys()], ["x"])

    assert npu1.answer() == []
    assert npu1.ask("values", "r") == [3]


@clause("DEV-HOST-09", MUST, source=EMULATED)
def test_the_number_of_blobs_must_agree(client: Any, npu0: StationProcess, own_keys: Keys) -> None:
    """Loading into another number of blobs is an invalid parameter that names both numbers."""
    npu0.ask("make", "x", 1)
    npu0.ask("blobs", "mset_d2h", [own_keys()], [("x", 4)])

    with raises_status("Invalid parameter", "sender count is: 4, receiver count is: 1"):
        npu0.ask("mget_h2d", [own_keys()], ["x"])


@clause("DEV-HOST-10", MUST, source=EMULATED)
@pytest.mark.parametrize("count", [500, 2000])
def test_the_sizes_must_agree(
    client: Any, npu0: StationProcess, own_keys: Keys, count: int
) -> None:
    """Loading into less or more memory than was stored is a runtime error."""
    npu0.ask("make", "x", 1)
    npu0.ask("make", "r", 0, count)
    npu0.ask("mset_d2h", [own_keys()], ["x"])

    with raises_status("Runtime error", "The data size of device and host is not equal."):
        npu0.ask("mget_h2d", [own_keys()], ["r"])


@clause("DEV-HOST-11", MUST, source=EMULATED)
def test_the_layout_of_the_value(client: Any, npu0: StationProcess, own_keys: Keys) -> None:
    """As a host value it is the number of blobs, their offsets, the end, and from 64 the blobs."""
    npu0.ask("make", "x", 7, 100, "uint8")
    npu0.ask("blobs", "mset_d2h", [own_keys()], [("x", 2)])

    (value,) = client.get([own_keys()])

    words = [2, 64, 114, 164]
    assert value[:32] == b"".join(word.to_bytes(8, "little") for word in words)
    assert value[64:] == b"\7" * 100


@clause("DEV-HOST-12", MUST, source=EMULATED)
def test_other_values_cannot_be_loaded(client: Any, npu0: StationProcess, own_keys: Keys) -> None:
    """Loading a value that `KVClient.set` wrote is an invalid parameter; missing keys count not."""
    npu0.ask("make", "r", 0)
    npu0.ask("make", "s", 0)
    client.set(own_keys(), b"x" * 4160)
    keys = [own_keys("missing"), own_keys()]

    with raises_status("Invalid parameter", "Blobs count mismatch in devBlobList", "index: 0,"):
        npu0.ask("mget_h2d", keys, ["s", "r"])


@clause("DEV-HOST-13", MUST, source=EMULATED)
def test_exist_and_delete(client: Any, npu0: StationProcess, own_keys: Keys) -> None:
    """`exist` and `delete` of the device clients are about host values."""
    npu0.ask("make", "x", 1)
    npu0.ask("mset_d2h", [own_keys()], ["x"])

    assert npu0.ask("exist", [own_keys(), own_keys("no")]) == [True, False]
    assert npu0.ask("delete", [own_keys(), own_keys("no")]) == []
    assert client.exist([own_keys()]) == [False]


@clause("DEV-HOST-14", MUST, source=EMULATED)
def test_time_to_live(client: Any, npu0: StationProcess, own_keys: Keys) -> None:
    """A value with `ttl_second` goes by itself."""
    npu0.ask("make", "x", 1)

    npu0.ask("with_options", "mset_d2h", [own_keys()], ["x"], ttl_second=1)

    assert client.exist([own_keys()]) == [True]
    wait_until(lambda: client.exist([own_keys()]) == [False], "the value has expired")


@clause("DEV-HOST-15", MUST, source=EMULATED)
@pytest.mark.parametrize("mode", ["WRITE_THROUGH_L2_CACHE", "WRITE_BACK_L2_CACHE"])
def test_write_modes_with_a_second_level_are_refused(
    client: Any, npu0: StationProcess, own_keys: Keys, mode: str
) -> None:
    """Write modes that need an L2 cache are an invalid parameter."""
    npu0.ask("make", "x", 1)

    with raises_status("Invalid parameter", "not support L2 CACHE write mode"):
        npu0.ask("with_options", "mset_d2h", [own_keys()], ["x"], write_mode=mode)


@clause("DEV-HOST-16", MUST, source=EMULATED)
def test_the_option_nx_is_refused(client: Any, npu0: StationProcess, own_keys: Keys) -> None:
    """`ExistenceOpt.NX` is a runtime error, although existing keys are kept anyway."""
    npu0.ask("make", "x", 1)

    with raises_status("Runtime error", "The MSet doesn't support ntx_1"):
        npu0.ask("with_options", "mset_d2h", [own_keys()], ["x"], existence="NX")


@clause("DEV-HOST-17", MUST, source=EMULATED)
def test_a_new_key_twice_is_refused(client: Any, npu0: StationProcess, own_keys: Keys) -> None:
    """A new key that occurs twice in a call is an error, and nothing is stored."""
    npu0.ask("make", "x", 1)

    with raises_status("Key duplicated", "Multi publish with duplicate object key"):
        npu0.ask("mset_d2h", [own_keys(), own_keys()], ["x", "x"])
    assert client.exist([own_keys()]) == [False]


@clause("DEV-HOST-18", MUST, source=EMULATED)
def test_a_key_is_loaded_twice(client: Any, npu0: StationProcess, own_keys: Keys) -> None:
    """A key that occurs twice in `mget_h2d` is loaded into both places."""
    for name, value in (("x", 5), ("r", 0), ("s", 0)):
        npu0.ask("make", name, value)
    npu0.ask("mset_d2h", [own_keys()], ["x"])

    assert npu0.ask("mget_h2d", [own_keys(), own_keys()], ["r", "s"]) == []

    assert npu0.ask("values", "r") == npu0.ask("values", "s") == [5]


@clause("DEV-HOST-19", MUST, source=EMULATED)
def test_the_sizes_of_a_host_value(client: Any, npu0: StationProcess, own_keys: Keys) -> None:
    """`get_meta_info` tells the blobs' sizes of a value stored from a device, and of no other."""
    npu0.ask("make", "x", 1)
    npu0.ask("blobs", "mset_d2h", [own_keys()], [("x", 4)])
    client.set(own_keys("kv"), b"x" * 4160)

    assert npu0.ask("sizes", [own_keys()], of_devices=False) == ([], [[1000] * 4])
    with raises_status("Key not found"):
        npu0.ask("sizes", [own_keys("kv")], of_devices=False)
