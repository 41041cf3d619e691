"""What a worker tells test authors."""

from collections.abc import Callable

import pytest
from worker_fixture import FakeWorker, free_port

from yr_fake_ds import KVClient
from yr_fake_ds.inspect import inspect_worker, leaked_keys
from yr_fake_ds.top import show

Key = Callable[[], str]


def test_objects_clients_and_calls_are_shown(kv: KVClient, key: Key, worker: FakeWorker) -> None:
    """The inspection lists what exists, who is there and what was asked."""
    name = key()
    kv.set(name, b"12345")

    state = inspect_worker(worker.address, journal=True)

    assert {part.key: part.size for part in state.objects}[name] == 5
    assert state.clients
    assert state.calls["Publish"] > 0
    assert any(entry.call == "Publish" and name in entry.keys for entry in state.journal)


def test_a_leak_is_what_came_since(kv: KVClient, key: Key, worker: FakeWorker) -> None:
    """Keys that were there before are not counted."""
    old, new = key(), key()
    kv.set(old, b"1")
    before = inspect_worker(worker.address)
    kv.set(new, b"1")

    leaked = leaked_keys(before, inspect_worker(worker.address))

    assert new in leaked
    assert old not in leaked


def test_top_prints_the_objects(
    kv: KVClient, key: Key, worker: FakeWorker, capsys: pytest.CaptureFixture[str]
) -> None:
    """One screen of plain text."""
    name = key()
    kv.set(name, b"1" * 50000)

    assert show(worker.address, once=True, interval=1) == 0

    assert name in capsys.readouterr().out


def test_top_without_a_worker_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong address is an error message and an exit code."""
    assert show(f"127.0.0.1:{free_port()}", once=True, interval=1) == 1

    assert "no fake worker answers" in capsys.readouterr().err
