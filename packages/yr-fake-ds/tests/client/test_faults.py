"""Faults of a plan as a client of the SDK sees them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from worker_fixture import FakeWorker, free_port, wait_until

from yr_fake_ds import KVClient
from yr_fake_ds.faults import FaultPlanError, InstalledFaults, install_faults

SHORT_MS = 300
Fail = Callable[..., InstalledFaults]


@pytest.fixture
def fail(worker: FakeWorker) -> Iterator[Fail]:
    """Install one rule at the shared worker until the test ends."""
    with install_faults(worker.address, {}) as faults:

        def install(action: str, **rule: Any) -> InstalledFaults:
            faults.replace({"rules": [{"action": action, **rule}]})
            return faults

        yield install


@pytest.fixture
def hasty(worker: FakeWorker) -> KVClient:
    """A client that waits for no answer longer than a moment."""
    client = KVClient("127.0.0.1", worker.port, 3000, req_timeout_ms=SHORT_MS)
    client.init()
    return client


def test_a_call_fails_with_the_status_of_the_rule(kv: KVClient, key: Any, fail: Fail) -> None:
    """The status comes once, in the SDK's shape, and what was refused is not done."""
    fail("status", call="set", status="The cluster is scaling", message="wait", times=1)
    name = key()

    with pytest.raises(RuntimeError, match=r"^code: \[The cluster is scaling\], msg: \[wait"):
        kv.set(name, b"1")

    assert kv.exist([name]) == [False]
    kv.set(name, b"1")


def test_a_call_may_fail_after_it_was_carried_out(kv: KVClient, key: Any, fail: Fail) -> None:
    """With "after", the status is an answer that lies about what happened."""
    fail("status", call="set", status="RPC deadline exceeded", when="after")
    name = key()

    with pytest.raises(RuntimeError, match="RPC deadline exceeded"):
        kv.set(name, b"1")

    assert kv.get([name]) == [b"1"]


def test_only_keys_with_the_prefix_are_struck(kv: KVClient, key: Any, fail: Fail) -> None:
    """Other keys work on, and the counter says how often the rule struck."""
    struck, spared = key(), key()
    faults = fail("status", call="set", key=struck, status="Runtime error")

    kv.set(spared, b"1")
    with pytest.raises(RuntimeError):
        kv.set(struck, b"1")

    assert faults.fired() == [1]


def test_a_delay_holds_a_call_up(kv: KVClient, key: Any, fail: Fail) -> None:
    """The call takes at least as long, and succeeds."""
    fail("delay", call="set", seconds=0.2)

    begin = time.monotonic()
    kv.set(key(), b"1")

    assert time.monotonic() - begin >= 0.2


def test_a_batch_is_read_in_part(kv: KVClient, key: Any, fail: Fail) -> None:
    """Keys that a partial fault takes are None, the others are read."""
    names = [key(), key(), key(), key()]
    kv.mset(names, [b"1"] * 4)
    fail("partial", call="get", share=0.5)

    values = kv.get(names)

    assert sorted(map(str, values)) == ["None", "None", "b'1'", "b'1'"]


@pytest.mark.parametrize("size", [10, 600_000])
def test_a_batch_is_written_in_part(kv: KVClient, key: Any, fail: Fail, size: int) -> None:
    """Keys that a partial fault takes are named as failed; the others have their own values."""
    names = [key() for _ in range(4)]
    values = [bytes([number]) * size for number in range(4)]
    fail("partial", call="mset", share=0.5)

    failed = kv.mset(names, values)

    assert len(failed) == 2
    written = [name for name in names if name not in failed]
    assert kv.get(written) == [values[names.index(name)] for name in written]
    assert kv.exist(failed) == [False, False]


def test_a_batch_is_deleted_in_part(kv: KVClient, key: Any, fail: Fail) -> None:
    """Keys that a partial fault takes stay, and `delete` returns them."""
    names = [key(), key()]
    kv.mset(names, [b"1"] * 2)
    fail("partial", call="delete", key=names[1], share=1.0)

    assert kv.delete(names) == names[1:]
    assert kv.exist(names) == [False, True]


@pytest.mark.parametrize(("when", "done"), [("before", False), ("after", True)])
def test_a_dropped_call_runs_into_its_timeout(
    kv: KVClient, hasty: KVClient, key: Any, fail: Fail, when: str, done: bool
) -> None:
    """No answer comes; with "after" the call was carried out nevertheless."""
    fail("drop", call="set", when=when, times=1)
    name = key()

    with pytest.raises(RuntimeError, match="RPC unavailable"):
        hasty.set(name, b"1")

    assert kv.exist([name]) == [done]


def test_no_space_is_told_when_the_time_is_over(hasty: KVClient, key: Any, fail: Fail) -> None:
    """The call fails with "Out of memory" after it waited for memory."""
    fail("no_space", call=["set", "mcreate"], times=1)

    with pytest.raises(RuntimeError, match=r"code: \[Out of memory\]"):
        hasty.set(key(), b"1")

    hasty.set(key(), b"1")


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_worker_dies_by_a_call(own_worker: FakeWorker, when: str) -> None:
    """The call that kills the worker fails, and a new worker at its address serves again."""
    client = own_worker.client()
    with install_faults(own_worker.address, {"rules": [{"action": "kill", "when": when}]}):
        with pytest.raises(RuntimeError, match="RPC unavailable"):
            client.set("k", b"1")
        wait_until(lambda: not own_worker.answers(), "it is gone")

    own_worker.start()

    wait_until(lambda: client.health_check().is_ok(), "the client is connected again")


def test_a_wrong_plan_changes_nothing(worker: FakeWorker, kv: KVClient, key: Any) -> None:
    """A plan with a mistake is refused before it reaches the worker."""
    plan = {"rules": [{"action": "drop", "call": "nothing"}]}

    with (
        pytest.raises(FaultPlanError, match="no call 'nothing'"),
        install_faults(worker.address, plan),
    ):
        pytest.fail("not reached")

    kv.set(key(), b"1")


def test_a_worker_takes_its_plan_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """With YR_FAKE_DS_FAULTS, the plan holds from the start."""
    rule = {"action": "status", "call": "exist", "status": "Try again"}
    monkeypatch.setenv("YR_FAKE_DS_FAULTS", json.dumps({"rules": [rule]}))
    worker = FakeWorker()
    try:
        worker.start()
        client = worker.client()

        with pytest.raises(RuntimeError, match="Try again"):
            client.exist(["k"])
    finally:
        worker.remove()


def test_a_worker_with_a_wrong_plan_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """`dscli start` ends with 1 and shows what is wrong with the plan."""
    monkeypatch.setenv("YR_FAKE_DS_FAULTS", '{"rules": [{"action": "explode"}]}')
    flags = ["--worker_address", f"127.0.0.1:{free_port()}", "--metastore_address", "127.0.0.1:1"]

    started = subprocess.run(
        [sys.executable, "-m", "yr_fake_ds.dscli", "start", "-d", "/tmp/yr-wrong", "-w", *flags],  # noqa: S108
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert started.returncode == 1
    assert "YR_FAKE_DS_FAULTS: the fault plan is wrong: Invalid value 'explode'" in started.stderr
