"""`mset_d2h` and `mget_h2d`: device memory to host values and back."""

from collections.abc import Callable

from npu_process import NpuProcess
from npu_worker import NpuWorker

SIZE = 4000


def test_bytes_go_to_the_host_and_to_another_device(
    sender: NpuProcess, receiver: NpuProcess, key: str
) -> None:
    """What one process stores, another loads, on its own device."""
    sender.ask("fill", "x", 7, SIZE)
    receiver.ask("fill", "r", 0, SIZE)

    sender.ask("mset_d2h", [key], ["x"])

    assert receiver.ask("mget_h2d", [key], ["r"], 0) == []
    assert receiver.ask("look", "r") == [7, 7, SIZE]
    assert sender.ask("delete", [key]) == []


def test_big_values_lie_in_the_arena(sender: NpuProcess, receiver: NpuProcess, key: str) -> None:
    """A value above the worker's threshold is the same on the other side."""
    sender.ask("fill", "big", 9, 2 * 2**20)
    receiver.ask("fill", "rbig", 0, 2 * 2**20)

    sender.ask("mset_d2h", [key], [["big", 3]])

    assert receiver.ask("mget_h2d", [key], [["rbig", 3]], 0) == []
    assert receiver.ask("look", "rbig") == [9, 0, 2 * 2**20]
    assert sender.ask("delete", [key]) == []


def test_an_existing_key_keeps_its_bytes(sender: NpuProcess, key: str) -> None:
    """Storing a key again is ignored; other keys of the call are stored."""
    for name, value in (("x", 1), ("y", 2), ("r", 0)):
        sender.ask("fill", name, value, SIZE)
    sender.ask("mset_d2h", [key], ["x"])

    sender.ask("mset_d2h", [key, f"{key}b"], ["y", "y"])

    sender.ask("mget_h2d", [key], ["r"], 0)
    assert sender.ask("look", "r")[0] == 1
    assert sender.ask("exist", [key, f"{key}b"]) == [True, True]
    assert sender.ask("delete", [key, f"{key}b"]) == []


def test_missing_keys_are_told(sender: NpuProcess, key: str) -> None:
    """Some missing keys are returned; if all are missing the call fails."""
    sender.ask("fill", "x", 1, SIZE)
    sender.ask("fill", "r", 0, SIZE)
    sender.ask("mset_d2h", [key], ["x"])

    assert sender.ask("mget_h2d", [key, f"{key}-no"], ["r", "x"], 20) == [f"{key}-no"]
    assert "code: [Key not found]" in sender.ask("mget_h2d", [f"{key}-no"], ["r"], 0)
    assert sender.ask("delete", [key]) == []


def test_blobs_must_agree(sender: NpuProcess, key: str) -> None:
    """Another number of blobs, or other sizes, are refused."""
    sender.ask("fill", "x", 1, SIZE)
    sender.ask("fill", "half", 1, SIZE // 2)
    sender.ask("mset_d2h", [key], [["x", 4]])

    count = sender.ask("mget_h2d", [key], ["x"], 0)
    size = sender.ask("mget_h2d", [key], [["half", 4]], 0)

    assert "sender count is: 4, receiver count is: 1" in count
    assert "code: [Runtime error]" in size
    assert "The data size of device and host is not equal" in size
    assert sender.ask("sizes", [key], False) == [[], [[1000] * 4]]
    assert sender.ask("delete", [key]) == []


def test_an_error_counts_what_is_there(sender: NpuProcess, key: str) -> None:
    """The index of blobs that do not agree is that among the keys that were found."""
    sender.ask("fill", "x", 1, 100)
    sender.ask("mset_d2h", [key], ["x"])

    error = sender.ask("mget_h2d", [f"{key}-missing", key], ["x", ["x", 2]], 0)

    assert "sender count is: 1, receiver count is: 2, mismatch devBlobList index: 0," in error
    assert sender.ask("delete", [key]) == []


def test_the_first_device_becomes_the_threads(sender: NpuProcess, key: str) -> None:
    """`mset_d2h` for another device works and leaves that one current; dev calls then refuse."""
    sender.ask("fill", "x", 1, SIZE)

    sender.ask("on_device", 3, "mset_d2h", [key], ["x"])

    assert sender.ask("device") == 3
    refusal = sender.ask("dev_mset", [key], ["x"])
    assert "The input deviceIdx(0) is not the same as the deviceIdx which client used(3)" in refusal
    sender.ask("use", 0)
    assert sender.ask("delete", [key]) == []


def test_an_unknown_device_is_refused(sender: NpuProcess, key: str) -> None:
    """A device that the machine does not have is an invalid parameter."""
    sender.ask("fill", "x", 1, SIZE)

    refusal = sender.ask("on_device", 77, "mset_d2h", [key], ["x"])

    assert "code: [Invalid parameter]" in refusal
    assert "Got Error/ABNORMAL device, deviceId: 77" in refusal


def test_asynchronous_calls_tell_by_futures(sender: NpuProcess, key: str) -> None:
    """The futures give failed keys, errors, and a time-out after which they can be asked again."""
    sender.ask("fill", "x", 5, SIZE)
    sender.ask("fill", "r", 0, SIZE)

    sender.ask("later", "late", "async_mget_h2d", [key], ["r"], 20_000)
    assert "Future get timeout, timeoutMs: 10" in sender.ask("wait", "late", 10)
    sender.ask("later", "set", "async_mset_d2h", [key], ["x"])
    assert sender.ask("wait", "set", 5000) == [[]]

    assert sender.ask("wait", "late", 5000) == [[]]
    assert sender.ask("look", "r")[0] == 5
    assert sender.ask("delete", [key]) == []


def test_through_another_worker(
    sender: NpuProcess, other_worker: NpuWorker, extra: Callable[..., NpuProcess], key: str
) -> None:
    """A client of a second worker loads what the first one has."""
    far = extra(3, other_worker.port)
    sender.ask("fill", "x", 6, SIZE)
    far.ask("fill", "r", 0, SIZE)
    sender.ask("mset_d2h", [key], ["x"])

    assert far.ask("mget_h2d", [key], ["r"], 0) == []

    assert far.ask("look", "r")[0] == 6
    assert sender.ask("delete", [key]) == []
