"""DEV: memory of one process that others copy, `dev_mset` and `dev_mget`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from yr_conformance.datasystem.clients import Keys
from yr_conformance.datasystem.statuses import raises_status
from yr_conformance.device.clauses import EMULATED, MUST, clause
from yr_conformance.device.settling import await_gone, settled
from yr_conformance.device.station_process import StationProcess


@pytest.fixture
def device_keys(npu0: StationProcess, own_keys: Keys) -> Iterator[Keys]:
    """Keys of the test's own; as device keys they are deleted afterwards."""
    yield own_keys
    if own_keys.made:
        assert settled(npu0, "dev_delete", own_keys.made) == []


def share(npu0: StationProcess, key: str, value: float = 1) -> None:
    """Offer a tensor of one value."""
    npu0.ask("make", "x", value)
    assert npu0.ask("dev_mset", [key], ["x"]) == []


@clause("DEV-OBJ-01", MUST, source=EMULATED)
def test_a_tensor_is_copied_between_npus(
    npu0: StationProcess, npu1: StationProcess, device_keys: Keys
) -> None:
    """`dev_mget` in one process copies what `dev_mset` in another offers, blob by blob."""
    npu0.ask("count_up", "x", 1000)
    npu1.ask("make", "r", 0)
    npu1.ask("make", "s", 0)
    assert npu0.ask("dev_mset", [device_keys("one")], ["x"]) == []
    assert npu0.ask("blobs", "dev_mset", [device_keys("four")], [("x", 4)]) == []

    assert npu1.ask("dev_mget", [device_keys("one")], ["r"]) == []
    assert npu1.ask("blobs", "dev_mget", [device_keys("four")], [("s", 4)], 0) == []

    assert npu1.ask("at", "r", 0, 1, 999) == [0, 1, 999]
    assert npu1.ask("at", "s", 0, 249, 250, 999) == [0, 249, 250, 999]


@clause("DEV-OBJ-02", MUST, source=EMULATED)
def test_nothing_is_copied_before_somebody_asks(
    npu0: StationProcess, npu1: StationProcess, device_keys: Keys
) -> None:
    """A receiver gets what the memory holds when it asks, not when it was offered."""
    share(npu0, device_keys(), 1)
    npu1.ask("make", "r", 0)

    npu0.ask("fill", "x", 2)

    npu1.ask("dev_mget", [device_keys()], ["r"])
    assert npu1.ask("values", "r") == [2]


@clause("DEV-OBJ-03", MUST, source=EMULATED)
def test_the_newest_receiver_serves_the_next(
    npu0: StationProcess, npu1: StationProcess, npu2: StationProcess, device_keys: Keys
) -> None:
    """A receiver's tensor becomes the source for the next one, with whatever is in it then."""
    share(npu0, device_keys())
    npu1.ask("make", "r", 0)
    npu2.ask("make", "t", 0)
    npu1.ask("dev_mget", [device_keys()], ["r"])

    npu1.ask("fill", "r", 9)

    npu2.ask("dev_mget", [device_keys()], ["t"])
    assert npu2.ask("values", "t") == [9]


@clause("DEV-OBJ-04", MUST, source=EMULATED)
def test_a_key_lives_as_long_as_a_location(
    npu0: StationProcess, npu1: StationProcess, npu2: StationProcess, device_keys: Keys
) -> None:
    """`dev_local_delete` takes only the caller's tensor out; with the last one the key goes."""
    share(npu0, device_keys(), 4)
    npu1.ask("make", "r", 0)
    npu2.ask("make", "t", 0)
    npu1.ask("dev_mget", [device_keys()], ["r"])

    assert settled(npu0, "dev_local_delete", [device_keys()]) == []

    assert npu2.ask("dev_mget", [device_keys()], ["t"]) == []
    assert npu2.ask("values", "t") == [4]
    for station in (npu1, npu2):
        assert settled(station, "dev_local_delete", [device_keys()]) == []
    await_gone(npu0, device_keys())


@clause("DEV-OBJ-05", MUST, source=EMULATED)
def test_who_may_offer_a_key_again(
    npu0: StationProcess, npu1: StationProcess, device_keys: Keys
) -> None:
    """The same tensor of the same client again succeeds; another one, or another client's, fails.

    The failed keys are returned, also if they are all.
    """
    share(npu0, device_keys())
    npu0.ask("make", "y", 1)
    npu1.ask("make", "r", 1)

    assert npu0.ask("dev_mset", [device_keys()], ["x"]) == []
    assert npu0.ask("dev_mset", [device_keys()], ["y"]) == [device_keys()]
    failed = npu1.ask("dev_mset", [device_keys(), device_keys("new")], ["r", "r"])
    assert failed == [device_keys()]


@clause("DEV-OBJ-06", MUST, source=EMULATED)
def test_all_missing_is_an_error(npu1: StationProcess, device_keys: Keys) -> None:
    """`dev_mget` raises Key not found if none of the keys comes within `sub_timeout_ms`."""
    npu1.ask("make", "r", 0)

    for wait_ms in (0, 100):
        with raises_status("Key not found", "can't find objects"):
            npu1.ask("dev_mget", [device_keys()], ["r"], wait_ms)


@clause("DEV-OBJ-07", MUST, source=EMULATED)
def test_some_missing_are_returned(
    npu0: StationProcess, npu1: StationProcess, device_keys: Keys
) -> None:
    """`dev_mget` returns the missing keys and copies those before them."""
    share(npu0, device_keys(), 3)
    npu1.ask("make", "r", 0)
    npu1.ask("make", "s", 0)

    failed = npu1.ask("dev_mget", [device_keys(), device_keys("no")], ["r", "s"], 1000)

    assert failed == [device_keys("no")]
    assert npu1.ask("values", "r") == [3]


@clause("DEV-OBJ-19", MUST, source=EMULATED)
def test_keys_behind_a_missing_one_fail(
    npu0: StationProcess, npu1: StationProcess, device_keys: Keys
) -> None:
    """A missing key lets all keys behind it fail, except those that the client has itself."""
    share(npu0, device_keys(), 3)
    for name in ("r", "s", "own"):
        npu1.ask("make", name, 0)
    npu1.ask("dev_mset", [device_keys("own")], ["own"])
    keys = [device_keys("no"), device_keys(), device_keys("own")]

    assert npu1.ask("dev_mget", keys, ["s", "r", "s"], 500) == keys[:2]

    with raises_status("Key not found", "can't find objects"):
        npu1.ask("dev_mget", keys[:2], ["s", "r"], 500)
    assert npu1.ask("values", "r") == [0]
    assert npu1.ask("dev_mget", [device_keys()], ["r"], 2000) == []


@clause("DEV-OBJ-08", MUST, source=EMULATED)
@pytest.mark.timeout(200)
def test_a_late_key_is_waited_for(
    npu0: StationProcess, npu1: StationProcess, npu2: StationProcess, device_keys: Keys
) -> None:
    """`dev_mget` waits up to `sub_timeout_ms` and ends when the key is offered.

    That of another process, which begins later and ends without the key, is the proof of waiting.
    """
    npu1.ask("make", "r", 0)
    npu2.ask("make", "r", 0)
    npu1.begin("dev_mget", [device_keys()], ["r"], 600_000)
    with raises_status("Key not found"):
        npu2.ask("dev_mget", [device_keys()], ["r"], 300)

    share(npu0, device_keys(), 6)

    assert npu1.answer() == []
    assert npu1.ask("values", "r") == [6]


@clause("DEV-OBJ-09", MUST, source=EMULATED)
def test_host_and_device_keys_are_two_spaces(npu0: StationProcess, device_keys: Keys) -> None:
    """`exist` is False for a device key; one name can be both, and is deleted separately."""
    share(npu0, device_keys())
    assert npu0.ask("exist", [device_keys()]) == [False]

    npu0.ask("mset_d2h", [device_keys()], ["x"])

    assert npu0.ask("delete", [device_keys()]) == []
    assert npu0.ask("sizes", [device_keys()], of_devices=True) == ([], [[4000]])
    npu0.ask("mset_d2h", [device_keys()], ["x"])
    assert settled(npu0, "dev_delete", [device_keys()]) == []
    assert npu0.ask("exist", [device_keys()]) == [True]
    npu0.ask("delete", [device_keys()])


@clause("DEV-OBJ-10", MUST, source=EMULATED)
@pytest.mark.parametrize("call", ["dev_delete", "dev_local_delete"])
def test_deleting_unknown_keys_succeeds(npu0: StationProcess, device_keys: Keys, call: str) -> None:
    """Deleting device keys that do not exist returns no failed keys."""
    assert npu0.ask(call, [device_keys()]) == []


@clause("DEV-OBJ-11", MUST, source=EMULATED)
def test_dev_delete_is_for_everybody(
    npu0: StationProcess, npu1: StationProcess, device_keys: Keys
) -> None:
    """`dev_delete` by any client removes the key with all its locations."""
    share(npu0, device_keys())
    npu1.ask("make", "r", 0)
    npu1.ask("dev_mget", [device_keys()], ["r"])

    assert settled(npu1, "dev_delete", [device_keys()]) == []

    for station in (npu0, npu1):
        await_gone(station, device_keys())


@clause("DEV-OBJ-12", MUST, source=EMULATED)
def test_dev_local_delete_leaves_what_others_hold(
    npu0: StationProcess, npu1: StationProcess, device_keys: Keys
) -> None:
    """`dev_local_delete` by a client without the key succeeds and changes nothing."""
    share(npu0, device_keys())

    assert settled(npu1, "dev_local_delete", [device_keys()]) == []

    assert npu0.ask("sizes", [device_keys()], of_devices=True) == ([], [[4000]])


@clause("DEV-OBJ-13", MUST, source=EMULATED)
def test_the_sizes_of_device_keys(
    npu0: StationProcess, npu1: StationProcess, device_keys: Keys
) -> None:
    """`get_meta_info` tells any client the blobs' sizes, and nothing for keys that failed."""
    npu0.ask("make", "x", 1)
    npu0.ask("blobs", "dev_mset", [device_keys("a"), device_keys("b")], [("x", 4), ("x", 1)])

    keys = [device_keys("a"), device_keys("no"), device_keys("b")]
    answer = npu1.ask("sizes", keys, of_devices=True)

    assert answer == ([device_keys("no")], [[1000] * 4, [], [4000]])


@clause("DEV-OBJ-14", MUST, source=EMULATED)
def test_a_client_copies_its_own_key(npu0: StationProcess, device_keys: Keys) -> None:
    """The client that offers a key gets it too, on its one NPU."""
    share(npu0, device_keys(), 5)
    npu0.ask("make", "r", 0)

    assert npu0.ask("dev_mget", [device_keys()], ["r"]) == []

    assert npu0.ask("values", "r") == [5]


@clause("DEV-OBJ-15", MUST, source=EMULATED)
def test_many_keys_in_one_call(
    npu0: StationProcess, npu1: StationProcess, device_keys: Keys
) -> None:
    """A hundred keys are offered and copied in one call each, every one with its own bytes."""
    keys = device_keys.many(100)
    names = [f"part{number}" for number in range(100)]
    for number, name in enumerate(names):
        npu0.ask("make", name, number, 100)
        npu1.ask("make", name, -1, 100)

    assert npu0.ask("dev_mset", keys, names) == []
    assert npu1.ask("dev_mget", keys, names, 0) == []

    assert [npu1.ask("values", name) for name in names] == [[number] for number in range(100)]


@clause("DEV-OBJ-16", MUST, source=EMULATED)
def test_pieces_go_into_one_tensor(
    npu0: StationProcess, npu1: StationProcess, device_keys: Keys
) -> None:
    """`dev_mget_into_tensor` places each key where its range says, and leaves the rest."""
    npu0.ask("make", "x", 1, 10)
    npu0.ask("make", "y", 2, 10)
    npu0.ask("dev_mset", [device_keys("a"), device_keys("b")], ["x", "y"])
    npu1.ask("make", "r", 0, 40)

    ranges = [(0, 120, 40), (0, 0, 40)]
    failed = npu1.ask(
        "dev_mget_into_tensor", [device_keys("a"), device_keys("b")], "r", ranges, 2000
    )

    assert failed == []
    assert npu1.ask("at", "r", 0, 9, 10, 29, 30, 39) == [2, 2, 0, 0, 1, 1]


@clause("DEV-OBJ-17", MUST, source=EMULATED)
def test_an_orderly_end_takes_the_keys_along(
    npu0: StationProcess, new_station: Callable[..., StationProcess], device_keys: Keys
) -> None:
    """What a client offered is gone when the client has ended."""
    leaving = new_station(3)
    share(leaving, device_keys())
    assert npu0.ask("sizes", [device_keys()], of_devices=True) == ([], [[4000]])

    leaving.ask("close")

    await_gone(npu0, device_keys())


@clause("DEV-OBJ-18", MUST, source=EMULATED)
def test_asynchronous_deletion(npu0: StationProcess, device_keys: Keys) -> None:
    """The future of `async_dev_delete` gives the failed keys, or raises what the call would."""
    share(npu0, device_keys())

    npu0.ask("later", "f", "async_dev_delete", [device_keys(), device_keys("no")])

    assert npu0.ask("wait", "f") == [[]]
    await_gone(npu0, device_keys())
    npu0.ask("later", "f", "async_dev_delete", [])
    with raises_status("Invalid parameter", "The keys are empty"):
        npu0.ask("wait", "f")
