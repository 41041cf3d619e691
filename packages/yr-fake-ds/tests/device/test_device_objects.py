"""`dev_mset` and `dev_mget`: memory of one process that others copy."""

from collections.abc import Callable

from npu_process import NpuProcess
from npu_worker import NpuWorker

SIZE = 4000


def share(sender: NpuProcess, key: str, value: int = 1, name: str = "x") -> None:
    """Offer memory filled with a value."""
    sender.ask("fill", name, value, SIZE)
    assert sender.ask("dev_mset", [key], [name]) == []


def test_nothing_is_copied_before_somebody_asks(
    sender: NpuProcess, receiver: NpuProcess, key: str
) -> None:
    """The receiver gets what the memory holds when it asks, not when it was offered."""
    share(sender, key, 1)
    sender.ask("fill", "x", 2, SIZE)
    receiver.ask("fill", "r", 0, SIZE)

    assert receiver.ask("dev_mget", [key], ["r"], 0) == []

    assert receiver.ask("look", "r") == [2, 2, SIZE]
    assert sender.ask("dev_delete", [key]) == []


def test_the_receiver_serves_the_next_one(
    sender: NpuProcess, receiver: NpuProcess, third: NpuProcess, key: str
) -> None:
    """What a receiver does to its copy is what a third process gets."""
    share(sender, key)
    receiver.ask("fill", "r", 0, SIZE)
    third.ask("fill", "t", 0, SIZE)
    receiver.ask("dev_mget", [key], ["r"], 0)
    receiver.ask("fill", "r", 9, SIZE)

    third.ask("dev_mget", [key], ["t"], 0)

    assert third.ask("look", "t")[0] == 9
    assert sender.ask("dev_delete", [key]) == []


def test_the_object_outlives_its_first_owner(
    sender: NpuProcess, receiver: NpuProcess, third: NpuProcess, key: str
) -> None:
    """A key is gone when the last client has taken its memory out."""
    share(sender, key)
    receiver.ask("fill", "r", 0, SIZE)
    third.ask("fill", "t", 0, SIZE)
    receiver.ask("dev_mget", [key], ["r"], 0)
    sender.ask("dev_local_delete", [key])

    assert third.ask("dev_mget", [key], ["t"], 0) == []
    receiver.ask("dev_local_delete", [key])
    third.ask("dev_local_delete", [key])

    assert "code: [Key not found]" in sender.ask("sizes", [key], True)


def test_who_may_offer_a_key_again(sender: NpuProcess, receiver: NpuProcess, key: str) -> None:
    """The same memory of the same client again is a success, everything else a failed key."""
    share(sender, key)
    sender.ask("fill", "other", 1, SIZE)
    receiver.ask("fill", "r", 0, SIZE)

    assert sender.ask("dev_mset", [key], ["x"]) == []
    assert sender.ask("dev_mset", [key], ["other"]) == [key]
    assert receiver.ask("dev_mset", [key, f"{key}b"], ["r", "r"]) == [key]
    assert sender.ask("dev_delete", [key, f"{key}b"]) == []


def test_a_missing_key_is_waited_for(sender: NpuProcess, receiver: NpuProcess, key: str) -> None:
    """`dev_mget` ends when the key comes; without it the call fails."""
    receiver.ask("fill", "r", 0, SIZE)
    assert "can't find objects" in receiver.ask("dev_mget", [key], ["r"], 20)
    receiver.begin("dev_mget", [key], ["r"], 30_000)

    share(sender, key, 3)

    assert receiver.answer() == []
    assert receiver.ask("look", "r")[0] == 3
    assert sender.ask("dev_delete", [key]) == []


def test_some_missing_keys_are_returned(sender: NpuProcess, receiver: NpuProcess, key: str) -> None:
    """The keys before them are copied."""
    share(sender, key, 4)
    receiver.ask("fill", "r", 0, SIZE)
    receiver.ask("fill", "s", 0, SIZE)

    assert receiver.ask("dev_mget", [key, f"{key}-no"], ["r", "s"], 10) == [f"{key}-no"]

    assert receiver.ask("look", "r")[0] == 4
    assert sender.ask("dev_delete", [key]) == []


def test_keys_behind_a_missing_one_fail(sender: NpuProcess, receiver: NpuProcess, key: str) -> None:
    """A missing key takes along those that stand behind it, but not what the client has itself."""
    share(sender, key, 4)
    for name in ("r", "s", "own"):
        receiver.ask("fill", name, 0, SIZE)
    receiver.ask("dev_mset", [f"{key}-own"], ["own"])
    keys = [f"{key}-no", key, f"{key}-own"]

    failed = receiver.ask("dev_mget", keys, ["s", "r", "s"], 10)

    assert failed == [f"{key}-no", key]
    assert receiver.ask("look", "r")[0] == 0
    assert sender.ask("dev_delete", [key, f"{key}-own"]) == []


def test_what_can_be_asked_of_a_key(sender: NpuProcess, receiver: NpuProcess, key: str) -> None:
    """A smaller target takes a part, a bigger one is refused, as is another number of blobs."""
    share(sender, key, 5)
    receiver.ask("fill", "small", 0, 100)
    receiver.ask("fill", "large", 0, 2 * SIZE)

    assert receiver.ask("part", [key], "small", SIZE - 100) == []
    assert receiver.ask("look", "small")[0] == 5
    assert "Requested: offset=3950, size=100, end=4050" in receiver.ask(
        "part", [key], "small", 3950
    )
    large = receiver.ask("dev_mget", [key], ["large"], 0)
    assert "requested data range of receiver exceeds" in large
    blobs = receiver.ask("dev_mget", [key], [["large", 2]], 0)
    assert "src size is: 1, dst size is: 2" in blobs
    assert sender.ask("dev_delete", [key]) == []


def test_two_processes_on_one_npu_cannot(
    sender: NpuProcess, extra: Callable[..., NpuProcess], key: str
) -> None:
    """Both sides on one NPU are refused, also if the receiver numbers it otherwise."""
    share(sender, key)
    same = extra(0)
    renumbered = extra(0, ASCEND_RT_VISIBLE_DEVICES="0")
    for process in (same, renumbered):
        process.ask("fill", "r", 0, SIZE)
        refusal = process.ask("dev_mget", [key], ["r"], 0)
        assert "Comm is nullptr, create communication domain failed" in refusal

    assert sender.ask("dev_delete", [key]) == []


def test_a_client_copies_its_own_key_locally(sender: NpuProcess, key: str) -> None:
    """The owner of a key gets it on the same NPU."""
    share(sender, key, 6)
    sender.ask("fill", "r", 0, SIZE)

    assert sender.ask("dev_mget", [key], ["r"], 0) == []

    assert sender.ask("look", "r")[0] == 6
    assert sender.ask("dev_delete", [key]) == []


def test_a_local_copy_into_more_blobs_fills_the_first(sender: NpuProcess, key: str) -> None:
    """Numbers and sizes of blobs are not compared within a process."""
    share(sender, key, 7)
    sender.ask("fill", "more", 1, SIZE)

    assert sender.ask("dev_mget", [key], [["more", 4]], 0) == []

    assert sender.ask("look", "more") == [7, 1, SIZE]
    assert sender.ask("dev_delete", [key]) == []


def test_a_local_copy_into_fewer_blobs_is_the_error_of_the_call(
    sender: NpuProcess, receiver: NpuProcess, key: str
) -> None:
    """Whatever becomes of its other keys, the call raises what CANN says of the missing blob."""
    share(receiver, f"{key}-other")
    sender.ask("fill", "x", 1, SIZE)
    sender.ask("dev_mset", [key], [["x", 4]])
    sender.ask("fill", "r", 0, SIZE)

    error = sender.ask("dev_mget", [f"{key}-other", key], ["r", "r"], 0)

    assert error.startswith("error: RuntimeError: code: [Acl api error]")
    assert "error code 107000" in error
    for process, name in ((sender, key), (receiver, f"{key}-other")):
        assert process.ask("dev_delete", [name]) == []


def test_host_and_device_keys_are_two_spaces(sender: NpuProcess, key: str) -> None:
    """One name can be both; deleting one leaves the other."""
    share(sender, key)
    assert sender.ask("exist", [key]) == [False]
    sender.ask("mset_d2h", [key], ["x"])

    assert sender.ask("dev_delete", [key]) == []

    assert sender.ask("exist", [key]) == [True]
    assert sender.ask("delete", [key]) == []


def test_deleting_unknown_keys_succeeds(sender: NpuProcess, key: str) -> None:
    """All deletions of device keys are idempotent."""
    assert sender.ask("dev_delete", [key]) == []
    assert sender.ask("dev_local_delete", [key]) == []


def test_an_orderly_exit_takes_the_keys_along(
    sender: NpuProcess, extra: Callable[..., NpuProcess], key: str
) -> None:
    """What a process offered is gone when it has ended."""
    leaving = extra(3)
    share(leaving, key)
    assert sender.ask("sizes", [key], True) == [[], [[SIZE]]]

    leaving.end()

    assert "code: [Key not found]" in sender.ask("sizes", [key], True)


def test_through_another_worker(
    sender: NpuProcess, other_worker: NpuWorker, extra: Callable[..., NpuProcess], key: str
) -> None:
    """Clients of two workers share device objects."""
    far = extra(3, other_worker.port)
    share(sender, key, 8)
    far.ask("fill", "r", 0, SIZE)

    assert far.ask("dev_mget", [key], ["r"], 0) == []

    assert far.ask("look", "r")[0] == 8
    assert far.ask("dev_delete", [key]) == []


def test_many_blobs_and_many_keys(sender: NpuProcess, receiver: NpuProcess, key: str) -> None:
    """A key of a thousand blobs and a thousand keys arrive whole."""
    share(sender, key, 3)
    keys = [f"{key}-{number}" for number in range(1000)]
    sender.ask("dev_mset", [f"{key}-blobs"], [["x", 1000]])
    sender.ask("dev_mset", keys, ["x"] * 1000)
    receiver.ask("fill", "r", 0, SIZE)
    receiver.ask("fill", "s", 0, SIZE)

    assert receiver.ask("dev_mget", [f"{key}-blobs"], [["r", 1000]], 0) == []
    assert receiver.ask("dev_mget", keys, ["s"] * 1000, 0) == []

    assert receiver.ask("look", "r") == [3, 3, SIZE]
    assert receiver.ask("look", "s")[0] == 3
    assert sender.ask("dev_delete", [key, f"{key}-blobs", *keys]) == []
