"""DEV: tensors for one receiver, `dev_send` and `dev_recv`."""

from __future__ import annotations

import pytest

from yr_conformance.datasystem.clients import Keys
from yr_conformance.datasystem.statuses import raises_status
from yr_conformance.device.clauses import EMULATED, MUST, clause
from yr_conformance.device.settling import await_gone, settled
from yr_conformance.device.station_process import PendingError, StationProcess


@clause("DEV-SEND-01", MUST, source=EMULATED)
def test_what_is_sent_is_received(
    npu0: StationProcess, npu1: StationProcess, own_keys: Keys
) -> None:
    """Each key has a future on both sides, which ends when its tensor has arrived."""
    for name, value in (("x", 1), ("y", 2)):
        npu0.ask("make", name, value)
        npu1.ask("make", name, 0)
    keys = [own_keys("a"), own_keys("b")]

    assert npu0.ask("later", "out", "dev_send", keys, ["x", "y"]) == 2
    assert npu1.ask("later", "in", "dev_recv", keys, ["x", "y"]) == 2

    assert npu1.ask("wait", "in") == [[], []]
    assert npu0.ask("wait", "out") == [[], []]
    assert npu1.ask("values", "x") == [1]
    assert npu1.ask("values", "y") == [2]


@clause("DEV-SEND-02", MUST, source=EMULATED)
def test_a_pending_future_may_be_asked_again(
    npu0: StationProcess, npu1: StationProcess, own_keys: Keys
) -> None:
    """`Future.get` raises FutureTimeoutException, naming the key, and succeeds later."""
    npu0.ask("make", "x", 3)
    npu1.ask("make", "r", 0)
    npu1.ask("later", "in", "dev_recv", [own_keys()], ["r"])
    with pytest.raises(PendingError, match=rf"objectKey: {own_keys()} get is timeout \(50 ms\)"):
        npu1.ask("wait", "in", 50)

    npu0.ask("later", "out", "dev_send", [own_keys()], ["x"])

    assert npu0.ask("wait", "out") == [[]]
    assert npu1.ask("wait", "in") == [[]]
    assert npu1.ask("values", "r") == [3]


@clause("DEV-SEND-03", MUST, source=EMULATED)
def test_a_sent_key_is_used_up(npu0: StationProcess, npu1: StationProcess, own_keys: Keys) -> None:
    """After its receiver a sent key does not exist any more; its futures stay answered."""
    npu0.ask("make", "x", 3)
    npu1.ask("make", "r", 0)
    npu0.ask("later", "out", "dev_send", [own_keys()], ["x"])
    assert npu0.ask("sizes", [own_keys()], of_devices=True) == ([], [[4000]])

    npu1.ask("later", "in", "dev_recv", [own_keys()], ["r"])

    assert npu1.ask("wait", "in") == [[]]
    assert npu0.ask("wait", "out") == [[]]
    await_gone(npu0, own_keys())
    assert npu0.ask("wait", "out", 0) == [[]]


@clause("DEV-SEND-04", MUST, source=EMULATED)
def test_the_first_receiver_is_served(
    npu0: StationProcess, npu1: StationProcess, npu2: StationProcess, own_keys: Keys
) -> None:
    """Of two waiting receivers the first one gets a sent key; the other one may get it too."""
    for station in (npu1, npu2):
        station.ask("make", "r", 0)
        station.ask("later", "in", "dev_recv", [own_keys()], ["r"])
    npu0.ask("make", "x", 3)

    npu0.ask("later", "out", "dev_send", [own_keys()], ["x"])

    assert npu0.ask("wait", "out") == [[]]
    assert npu1.ask("wait", "in") == [[]]
    assert npu1.ask("values", "r") == [3]


@clause("DEV-SEND-05", MUST, source=EMULATED)
def test_receiving_what_was_offered_to_all(
    npu0: StationProcess, npu1: StationProcess, own_keys: Keys
) -> None:
    """`dev_recv` of a key of `dev_mset` copies it, keeps it, and is no source for others."""
    npu0.ask("make", "x", 3)
    npu1.ask("make", "r", 0)
    npu0.ask("dev_mset", [own_keys()], ["x"])

    npu1.ask("later", "in", "dev_recv", [own_keys()], ["r"])

    assert npu1.ask("wait", "in") == [[]]
    assert npu1.ask("values", "r") == [3]
    assert npu1.ask("sizes", [own_keys()], of_devices=True) == ([], [[4000]])
    assert settled(npu0, "dev_local_delete", [own_keys()]) == []
    await_gone(npu1, own_keys())


@clause("DEV-SEND-06", MUST, source=EMULATED)
def test_getting_what_was_sent(npu0: StationProcess, npu1: StationProcess, own_keys: Keys) -> None:
    """`dev_mget` of a sent key ends the sender's future and leaves the key."""
    npu0.ask("make", "x", 3)
    npu1.ask("make", "r", 0)
    npu0.ask("later", "out", "dev_send", [own_keys()], ["x"])

    assert npu1.ask("dev_mget", [own_keys()], ["r"]) == []

    assert npu0.ask("wait", "out") == [[]]
    assert npu0.ask("sizes", [own_keys()], of_devices=True) == ([], [[4000]])
    assert settled(npu0, "dev_delete", [own_keys()]) == []


@clause("DEV-SEND-07", MUST, source=EMULATED)
def test_a_key_that_is_taken(npu0: StationProcess, npu1: StationProcess, own_keys: Keys) -> None:
    """Sending a key with other memory, or another client's key, fails at once.

    Keys before it in the call are sent, those behind it are not.
    """
    for station, name in ((npu0, "x"), (npu0, "y"), (npu1, "r")):
        station.ask("make", name, 1)
    npu0.ask("dev_mset", [own_keys()], ["x"])

    with raises_status("Runtime error", "inconsistent with the existing"):
        keys = [own_keys("before"), own_keys(), own_keys("behind")]
        npu0.ask("later", "out", "dev_send", keys, ["x", "y", "x"])
    with raises_status("Invalid parameter", "does not belong to the client"):
        npu1.ask("later", "out", "dev_send", [own_keys()], ["r"])
    found = npu0.ask("sizes", [own_keys("before"), own_keys("behind")], of_devices=True)
    assert found == ([own_keys("behind")], [[4000], []])
    assert settled(npu0, "dev_delete", [own_keys(), own_keys("before")]) == []


@clause("DEV-SEND-08", MUST, source=EMULATED)
def test_withdrawing_what_was_sent(npu0: StationProcess, own_keys: Keys) -> None:
    """After `dev_local_delete` of a sent key its future is a runtime error."""
    npu0.ask("make", "x", 1)
    npu0.ask("later", "out", "dev_send", [own_keys()], ["x"])

    assert settled(npu0, "dev_local_delete", [own_keys()]) == []

    with raises_status("Runtime error", "StatusPromise destruct without set value"):
        npu0.ask("wait", "out")


@clause("DEV-SEND-09", MUST, source=EMULATED)
def test_the_number_of_blobs_must_agree(
    npu0: StationProcess, npu1: StationProcess, own_keys: Keys
) -> None:
    """Receiving into another number of blobs fails when the future is asked."""
    npu0.ask("make", "x", 1)
    npu1.ask("make", "r", 0)
    npu0.ask("later", "out", "blobs", "dev_publish", [own_keys()], [("x", 4)])

    npu1.ask("later", "in", "dev_recv", [own_keys()], ["r"])

    with raises_status("Invalid parameter", "src size is: 4, dst size is: 1"):
        npu1.ask("wait", "in")
    assert settled(npu0, "dev_delete", [own_keys()]) == []


@clause("DEV-SEND-10", MUST, source=EMULATED)
def test_publish_and_subscribe_are_the_same_below_tensors(
    npu0: StationProcess, npu1: StationProcess, own_keys: Keys
) -> None:
    """`dev_publish` and `dev_subscribe` of blobs do what sending and receiving of tensors do."""
    npu0.ask("count_up", "x", 1000)
    npu1.ask("make", "r", 0)

    npu1.ask("later", "in", "blobs", "dev_subscribe", [own_keys()], [("r", 4)])
    npu0.ask("later", "out", "blobs", "dev_publish", [own_keys()], [("x", 4)])

    assert npu0.ask("wait", "out") == [[]]
    assert npu1.ask("wait", "in") == [[]]
    assert npu1.ask("at", "r", 0, 250, 999) == [0, 250, 999]
