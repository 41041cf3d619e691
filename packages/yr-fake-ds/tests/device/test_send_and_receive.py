"""`dev_publish` and `dev_subscribe`, which are `dev_send` and `dev_recv` below tensors."""

from npu_process import NpuProcess

SIZE = 4000


def test_a_receiver_may_come_first(sender: NpuProcess, receiver: NpuProcess, key: str) -> None:
    """A pending future says so; the bytes come without another call of the receiver."""
    receiver.ask("fill", "r", 0, SIZE)
    sender.ask("fill", "x", 7, SIZE)
    receiver.ask("later", "in", "dev_subscribe", [key], ["r"])
    pending = receiver.ask("wait", "in", 10)

    sender.ask("later", "out", "dev_publish", [key], ["x"])

    assert "FutureTimeoutException" in pending
    assert f"The future with objectKey: {key} get is timeout (10 ms)" in pending
    assert sender.ask("wait", "out", 5000) == [[]]
    assert receiver.ask("wait", "in", 5000) == [[]]
    assert receiver.ask("look", "r")[0] == 7


def test_a_sent_key_is_used_up(sender: NpuProcess, receiver: NpuProcess, key: str) -> None:
    """After one receiver the key is gone, and the futures keep their outcome."""
    sender.ask("fill", "x", 7, SIZE)
    receiver.ask("fill", "r", 0, SIZE)
    sender.ask("later", "out", "dev_publish", [key], ["x"])
    assert "FutureTimeoutException" in sender.ask("wait", "out", 10)

    receiver.ask("later", "in", "dev_subscribe", [key], ["r"])

    assert receiver.ask("wait", "in", 5000) == [[]]
    assert sender.ask("wait", "out", 5000) == [[]]
    assert "code: [Key not found]" in sender.ask("sizes", [key], True)
    assert sender.ask("wait", "out", 0) == [[]]


def test_the_first_subscription_is_served(
    sender: NpuProcess, receiver: NpuProcess, third: NpuProcess, key: str
) -> None:
    """Later subscriptions of the same key go on waiting."""
    for process in (receiver, third):
        process.ask("fill", "r", 0, SIZE)
        process.ask("later", "in", "dev_subscribe", [key], ["r"])
    sender.ask("fill", "x", 7, SIZE)

    sender.ask("later", "out", "dev_publish", [key], ["x"])

    assert receiver.ask("wait", "in", 5000) == [[]]
    assert "FutureTimeoutException" in third.ask("wait", "in", 10)
    sender.ask("later", "out", "dev_publish", [key], ["x"])
    assert third.ask("wait", "in", 5000) == [[]]


def test_a_subscriber_is_no_source(sender: NpuProcess, receiver: NpuProcess, key: str) -> None:
    """Subscribing to a key of `dev_mset` leaves the key, with its owner as only location."""
    sender.ask("fill", "x", 7, SIZE)
    receiver.ask("fill", "r", 0, SIZE)
    sender.ask("dev_mset", [key], ["x"])

    receiver.ask("later", "in", "dev_subscribe", [key], ["r"])

    assert receiver.ask("wait", "in", 5000) == [[]]
    assert sender.ask("sizes", [key], True) == [[], [[SIZE]]]
    sender.ask("dev_local_delete", [key])
    assert "code: [Key not found]" in sender.ask("sizes", [key], True)


def test_a_taken_key_is_refused(sender: NpuProcess, receiver: NpuProcess, key: str) -> None:
    """Sending what somebody else holds fails at once; keys before it are sent, others not."""
    sender.ask("fill", "x", 7, SIZE)
    receiver.ask("fill", "r", 0, SIZE)
    sender.ask("dev_mset", [key], ["x"])

    refusal = receiver.ask("later", "out", "dev_publish", [f"{key}a", key, f"{key}b"], ["r"] * 3)

    assert "already exists,and does not belong to the client" in refusal
    assert sender.ask("sizes", [f"{key}a", f"{key}b"], True) == [[f"{key}b"], [[SIZE], []]]
    assert sender.ask("dev_delete", [key, f"{key}a"]) == []


def test_withdrawing_ends_the_future(sender: NpuProcess, key: str) -> None:
    """The future of a key that its sender takes out fails."""
    sender.ask("fill", "x", 7, SIZE)
    sender.ask("later", "out", "dev_publish", [key], ["x"])

    sender.ask("dev_local_delete", [key])

    assert "StatusPromise destruct without set value" in sender.ask("wait", "out", 5000)


def test_a_receiver_with_other_blobs_fails(
    sender: NpuProcess, receiver: NpuProcess, key: str
) -> None:
    """The number of blobs must agree, and the key stays."""
    sender.ask("fill", "x", 7, SIZE)
    receiver.ask("fill", "r", 0, SIZE)
    sender.ask("later", "out", "dev_publish", [key], [["x", 4]])

    receiver.ask("later", "in", "dev_subscribe", [key], ["r"])

    assert "src size is: 4, dst size is: 1" in receiver.ask("wait", "in", 5000)
    assert sender.ask("sizes", [key], True) == [[], [[SIZE // 4] * 4]]
    assert sender.ask("dev_delete", [key]) == []
