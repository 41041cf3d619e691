"""Who keeps the directory, and what happens to values when that changes."""

from __future__ import annotations

import os
import signal
import time

from cluster import is_running
from etcd_pair import NODE_TIMEOUT_S, Pair
from etcd_process import EtcdProcess
from raw_client import Connect, RawClient
from served_worker import wait_until

from yr_fake_ds import protocol
from yr_fake_ds.membership.member import TURN_S

SHORT_MS = 300
LONGER_THAN_LEASES_S = 5
LONG_SLEEP_S = NODE_TIMEOUT_S + TURN_S + 1
KEEPER = "/tests/yr-fake-ds/directory"


def get(key: str) -> protocol.Get:
    """Ask for a value, not for long."""
    return protocol.Get(keys=[key], wait_ms=0, timeout_ms=SHORT_MS)


def writes(client: RawClient, key: str) -> bool:
    """Tell whether a key can be written, not for long."""
    request = protocol.Publish(
        call="set",
        items=[protocol.Item(key, 1)],
        parameters=protocol.Parameters(1, 0, 0, 0),
        timeout_ms=SHORT_MS,
    )
    return isinstance(client.ask(request, [b"x"]), protocol.Published)


def test_the_first_worker_keeps_the_directory(etcd: EtcdProcess, pair: Pair) -> None:
    """Etcd says who it is, and who belongs to the cluster."""
    keeper = etcd.gateway.get(KEEPER)

    assert keeper is not None
    assert keeper.startswith(f"{pair.first.address} ")
    assert len(etcd.gateway.values("/tests/yr-fake-ds/workers/")) == 2


def test_values_are_seen_by_both(pair: Pair, connect: Connect) -> None:
    """What one worker has, the other finds."""
    first, second = connect(pair.first.port), connect(pair.second.port)
    first.put("a", b"1")
    second.put("b", b"2")

    assert second.read(second.get("a")[0]) == b"1"
    assert first.read(first.get("b")[0]) == b"2"


def test_a_dead_etcd_changes_nothing(etcd: EtcdProcess, pair: Pair, connect: Connect) -> None:
    """Workers go on without etcd, and their places are there when it is back."""
    first, second = connect(pair.first.port), connect(pair.second.port)
    etcd.kill()

    first.put("a", b"1")
    assert second.read(second.get("a")[0]) == b"1"

    etcd.start()
    wait_until(lambda: len(etcd.gateway.values("/tests/yr-fake-ds/workers/")) == 2, "both are in")
    assert writes(second, "b")


def test_the_keeper_comes_back_in_time(pair: Pair, connect: Connect) -> None:
    """Until then others read what they have; then it knows what they have."""
    first, second = connect(pair.first.port), connect(pair.second.port)
    first.put("read-before", b"1")
    second.get("read-before")

    pair.first.kill()
    wait_until(lambda: not writes(second, "new"), "the loss is noticed")
    assert second.read(second.get("read-before")[0]) == b"1"
    pair.first.start()

    back = connect(pair.first.port)
    wait_until(lambda: isinstance(back.ask(get("read-before")), protocol.Got), "it is known again")
    wait_until(lambda: writes(second, "new"), "all is well")


def test_another_one_takes_over_with_nothing(pair: Pair, connect: Connect) -> None:
    """When the keeper's time is over, the other keeps an empty directory."""
    second = connect(pair.second.port)
    second.put("kept", b"1")

    pair.first.kill()

    wait_until(lambda: writes(second, "new"), "the other one took over")
    reply = second.ask(get("kept"))
    assert isinstance(reply, protocol.Failure)
    assert reply.status == "Key not found"
    pair.first.start()
    again = connect(pair.first.port)
    assert again.read(again.get("new")[0]) == b"x"


def test_a_worker_that_was_given_up_ends_itself(etcd: EtcdProcess, pair: Pair) -> None:
    """A worker that was away for longer than its lease finds that, and goes."""
    os.kill(pair.second.pid, signal.SIGSTOP)
    workers = "/tests/yr-fake-ds/workers/"
    wait_until(lambda: len(etcd.gateway.values(workers)) == 1, "its lease has ended")
    os.kill(pair.second.pid, signal.SIGCONT)

    wait_until(lambda: not is_running(pair.second.pid), "it ended itself")
    assert is_running(pair.first.pid)


def test_workers_that_all_slept_go_on(etcd: EtcdProcess, pair: Pair) -> None:
    """Nobody was there to give them up, though their leases have ended in an etcd elsewhere."""
    both, workers = (pair.first, pair.second), "/tests/yr-fake-ds/workers/"
    for one in both:
        os.kill(one.pid, signal.SIGSTOP)
    stopped_at = time.monotonic()
    wait_until(lambda: time.monotonic() > stopped_at + LONG_SLEEP_S, "they have slept")
    assert etcd.gateway.values(workers) == []
    for one in both:
        os.kill(one.pid, signal.SIGCONT)

    wait_until(lambda: len(etcd.gateway.values(workers)) == 2, "both are there again")
    assert all(is_running(one.pid) for one in both)


def test_the_last_one_gives_the_directory_up(etcd: EtcdProcess, pair: Pair) -> None:
    """After both stopped in order nothing is left in etcd, so that anybody can begin anew."""
    pair.first.stop()
    assert etcd.gateway.get(KEEPER) is not None

    pair.second.stop()

    assert etcd.gateway.values("/tests/yr-fake-ds/workers/") == []


def test_a_frozen_etcd_costs_the_second_worker(etcd: EtcdProcess, pair: Pair) -> None:
    """After etcd was frozen for longer than the leases, the keeper goes on, the other one ends."""
    etcd.signal(signal.SIGSTOP)
    frozen_at = time.monotonic()
    wait_until(lambda: time.monotonic() > frozen_at + LONGER_THAN_LEASES_S, "leases have ended")
    etcd.signal(signal.SIGCONT)
    etcd.wait()

    wait_until(lambda: not is_running(pair.second.pid), "the second one ended itself")
    wait_until(lambda: etcd.gateway.get(KEEPER) is not None, "the first one keeps the directory")
    assert is_running(pair.first.pid)
