"""Senders that die: what receivers are told, and what becomes of their keys."""

import time
from collections.abc import Callable

from npu_process import NpuProcess

SIZE = 4000
SOON = {"YR_FAKE_DS_TRANSFER_TIMEOUT_MS": "300"}


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, which must come true."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_a_dead_sender_is_a_time_out(extra: Callable[..., NpuProcess], key: str) -> None:
    """The key is still known; getting it takes the transfer's time and fails by time-out."""
    lost, receiver = extra(3), extra(1, **SOON)
    lost.ask("fill", "x", 1, SIZE)
    lost.ask("dev_mset", [key], ["x"])
    receiver.ask("fill", "r", 0, SIZE)

    lost.kill()

    assert receiver.ask("sizes", [key], True) == [[], [[SIZE]]]
    assert "code: [The future is timeout]" in receiver.ask("dev_mget", [key], ["r"], 0)
    assert receiver.ask("look", "r")[0] == 0


def test_the_keys_of_a_dead_client_are_forgotten(
    extra: Callable[..., NpuProcess], receiver: NpuProcess, key: str
) -> None:
    """After the worker's `client_dead_timeout_s` the key is gone."""
    lost = extra(3)
    lost.ask("fill", "x", 1, SIZE)
    lost.ask("dev_mset", [key], ["x"])

    lost.kill()

    wait_until(lambda: "code: [Key not found]" in str(receiver.ask("sizes", [key], True)))


def test_a_replica_survives_the_owner(
    extra: Callable[..., NpuProcess], receiver: NpuProcess, third: NpuProcess, key: str
) -> None:
    """Who got the key before serves it after the owner's death."""
    lost = extra(3)
    lost.ask("fill", "x", 4, SIZE)
    lost.ask("dev_mset", [key], ["x"])
    receiver.ask("fill", "r", 0, SIZE)
    receiver.ask("dev_mget", [key], ["r"], 0)
    third.ask("fill", "t", 0, SIZE)

    lost.kill()

    assert third.ask("dev_mget", [key], ["t"], 0) == []
    assert third.ask("look", "t")[0] == 4
    assert third.ask("dev_delete", [key]) == []


def test_a_dead_subscriber_gives_way(
    extra: Callable[..., NpuProcess], sender: NpuProcess, receiver: NpuProcess, key: str
) -> None:
    """A subscription of a process that died does not keep the next one waiting for ever."""
    lost = extra(3)
    for process in (lost, receiver):
        process.ask("fill", "r", 0, SIZE)
        process.ask("later", "in", "dev_subscribe", [key], ["r"])
    lost.kill()
    sender.ask("fill", "x", 4, SIZE)

    sender.ask("later", "out", "dev_publish", [key], ["x"])

    assert receiver.ask("wait", "in", 20_000) == [[]]
    assert sender.ask("wait", "out", 5000) == [[]]
