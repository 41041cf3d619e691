"""Clients and their worker: beginnings, ends, restarts, forks, many threads."""

import gc
import os
import threading
import time
from collections.abc import Callable

import pytest
from worker_fixture import FakeWorker, free_port, wait_until

from yr_fake_ds import DsClient, KVClient
from yr_fake_ds.inspect import inspect_worker

Key = Callable[[], str]
BIG = 700 * 1024


def _error(call: Callable[[], object]) -> str:
    with pytest.raises(RuntimeError) as caught:
        call()
    return str(caught.value)


def test_nothing_works_before_init() -> None:
    """Every call says that the client is not ready; health says it as a status."""
    client = KVClient("127.0.0.1", free_port(), 600)

    for call in (lambda: client.get(["k"]), lambda: client.set("k", b"1"), lambda: client.get([])):
        assert "[Not ready]" in _error(call)
    assert client.health_check().is_error()


def test_init_without_a_worker_takes_the_connect_timeout() -> None:
    """Then the client asks to be initialised again."""
    client = KVClient("127.0.0.1", free_port(), 600)

    assert _error(client.init).startswith("code: [RPC unavailable], msg: [[RPC_RECV_TIMEOUT]")
    assert "needs to be reinitialized" in _error(lambda: client.get(["k"]))


def test_init_waits_for_a_worker_that_starts(own_worker: FakeWorker) -> None:
    """A worker that comes up within the time is found."""
    own_worker.stop()
    client = KVClient("127.0.0.1", own_worker.port, 20000, req_timeout_ms=2000)
    initialising = threading.Thread(target=client.init)
    initialising.start()

    own_worker.start()
    initialising.join()

    assert client.health_check().is_ok()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("127.0.0.1", 1, 499), "connectTimeoutMs(499) should be greater"),
        (("", 0), "was not configured with a host and port"),
        (("nosuch.invalid", 1), "Invalid IP address/port. Host nosuch.invalid, port: 1"),
        (("127.0.0.1", 70000), "Invalid IP address/port. Host 127.0.0.1, port: 70000"),
    ],
)
def test_a_bad_address_is_found_by_init(
    arguments: tuple[str, int], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is tried with options that cannot work."""
    monkeypatch.delenv("DATASYSTEM_HOST", raising=False)

    assert text in _error(KVClient(*arguments).init)


def test_an_empty_host_is_looked_up(worker: FakeWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    """DATASYSTEM_HOST and DATASYSTEM_PORT name the worker."""
    monkeypatch.setenv("DATASYSTEM_HOST", "127.0.0.1")
    monkeypatch.setenv("DATASYSTEM_PORT", str(worker.port))
    client = KVClient(connect_timeout_ms=2000)

    client.init()
    client.init()

    assert client.health_check().is_ok()


def test_a_collected_client_frees_its_slot(worker: FakeWorker) -> None:
    """The worker knows one client less as soon as the object is gone."""
    client = worker.client()
    before = len(inspect_worker(worker.address).clients)

    del client
    gc.collect()

    wait_until(lambda: len(inspect_worker(worker.address).clients) < before, "the slot is free")


def test_a_ds_client_has_three_clients(worker: FakeWorker) -> None:
    """KV, hetero and object client work through one DsClient."""
    client = DsClient("127.0.0.1", worker.port, 3000)
    client.init()

    assert client.kv().exist(["nothing"]) == [False]
    assert client.hetero().exist(["nothing"]) == [False]
    assert client.object().query_global_ref_num("nothing") == 0


def test_dropped_buffers_give_their_references_back(own_worker: FakeWorker) -> None:
    """A view keeps the worker's reference, its end releases it."""
    client = own_worker.client()
    client.set("k", b"x" * BIG)
    wait_until(lambda: _references(own_worker) == 0, "what wrote the value is released")
    view = memoryview(client.get_buffers(["k"])[0])

    assert _references(own_worker) == 1
    del view
    wait_until(lambda: _references(own_worker) == 0, "the reference is back")


def _references(worker: FakeWorker) -> int:
    return inspect_worker(worker.address).held_references


def test_dead_worker_is_rpc_unavailable_then_disconnected(own_worker: FakeWorker) -> None:
    """The first call finds out, the next ones know."""
    client = own_worker.client()
    own_worker.kill()

    assert "code: [RPC unavailable], msg: [[RPC_RECV_TIMEOUT]" in _error(lambda: client.get(["k"]))
    second = _error(lambda: client.set("k", b"1"))
    assert second.startswith("code: [RPC unavailable], msg: [Client ")
    assert "disconnected from worker." in second
    assert client.health_check().is_error()


def test_a_client_finds_its_worker_again(own_worker: FakeWorker) -> None:
    """After a restart on the same address it works at once; the values are gone."""
    client = own_worker.client()
    client.set("k", b"1")
    own_worker.kill()
    _error(lambda: client.get(["k"]))

    own_worker.start()

    assert client.health_check().is_ok()
    assert "[Key not found]" in _error(lambda: client.get(["k"]))
    client.set("k", b"2")
    assert client.get(["k"]) == [b"2"]


def test_a_restart_unnoticed_is_survived(own_worker: FakeWorker) -> None:
    """A client that made no call while the worker was away does not notice."""
    client = own_worker.client()
    client.set("k", b"1")
    own_worker.kill()
    own_worker.start()

    client.set("k", b"2")

    assert client.get(["k"]) == [b"2"]


@pytest.mark.parametrize("size", [10, BIG])
def test_a_created_buffer_does_not_survive_the_worker(own_worker: FakeWorker, size: int) -> None:
    """Publishing it after a restart says that it is deprecated."""
    client = own_worker.client()
    buffers = client.mcreate(["k"], [size])
    own_worker.kill()
    own_worker.start()

    assert "code: [Buffer deprecated]" in _error(lambda: client.mset_buffer(buffers))


def test_held_bytes_survive_the_worker(own_worker: FakeWorker) -> None:
    """The mapping stays, also after a reconnection."""
    client = own_worker.client()
    client.set("k", b"x" * BIG)
    view = memoryview(client.get_buffers(["k"])[0])
    own_worker.kill()
    own_worker.start()
    client.set("other", b"y" * BIG)

    assert bytes(view) == b"x" * BIG


def test_a_buffer_of_a_closed_client_cannot_be_published(worker: FakeWorker, kv: KVClient) -> None:
    """Its client has taken the memory along."""
    other = worker.client()
    buffers = other.mcreate(["never"], [BIG])
    del other
    gc.collect()

    text = _error(lambda: kv.mset_buffer(buffers))

    assert "Client already destroyed or Shutdown() invoked, buffer invalidated." in text


def test_another_client_may_publish_a_buffer(worker: FakeWorker, kv: KVClient, key: Key) -> None:
    """As long as the client that made it lives."""
    name = key()
    maker = worker.client()

    kv.mset_buffer(maker.mcreate([name], [BIG]))

    assert kv.exist([name]) == [True]


def test_a_waiting_get_blocks_no_other_call(kv: KVClient, key: Key) -> None:
    """A get that waits in one thread is satisfied by a set in another."""
    name = key()
    got: list[object] = []
    waiting = threading.Thread(target=lambda: got.append(kv.get([name], sub_timeout_ms=30000)))
    waiting.start()

    assert kv.exist([name]) == [False]
    kv.set(name, b"now")
    waiting.join()

    assert got == [[b"now"]]


def test_a_waiting_get_ends_with_what_is_there(kv: KVClient, key: Key) -> None:
    """After nine tenths of the time the missing key is None."""
    present, missing = key(), key()
    kv.set(present, b"1")

    assert kv.get([present, missing], sub_timeout_ms=50) == [b"1", None]


def test_a_waiting_get_of_a_killed_worker_ends(own_worker: FakeWorker) -> None:
    """It is an error, not a hang."""
    client = own_worker.client()
    texts: list[str] = []
    call = threading.Thread(
        target=lambda: texts.append(_error(lambda: client.get(["k"], sub_timeout_ms=60000)))
    )
    call.start()
    wait_until(lambda: not client._session.link()._idle, "its connection is in use")

    own_worker.kill()
    call.join(30)

    assert texts[0].startswith("code: [RPC unavailable]")


def test_many_threads_share_a_client(kv: KVClient, key: Key) -> None:
    """Eight threads mix calls on one client without an error."""
    names = [key() for _index in range(8)]
    wrong: list[object] = []

    def work(name: str) -> None:
        for index in range(40):
            size = BIG if index % 10 == 0 else 100
            kv.set(name, bytes([index]) * size)
            if kv.get([name]) != [bytes([index]) * size] or kv.exist([name]) != [True]:
                wrong.append((name, index))

    threads = [threading.Thread(target=work, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_a_forked_child_is_told_so(worker: FakeWorker, kv: KVClient, key: Key) -> None:
    """An inherited client raises in the child; a fresh one works; the parent goes on."""
    name = key()
    kv.set(name, b"1")
    child = os.fork()
    if child == 0:
        code = _in_child(kv, worker, name)
        os._exit(code)
    _pid, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert kv.get([name]) == [b"1"]


def _in_child(inherited: KVClient, worker: FakeWorker, name: str) -> int:
    text = ""
    try:
        inherited.get([name])
    except RuntimeError as error:
        text = str(error)
    if "inherited by the forked process" not in text:
        return 2
    return 0 if worker.client().get([name]) == [b"1"] else 3


def test_a_full_pool_is_out_of_memory(own_worker: FakeWorker) -> None:
    """Default values are never evicted: the call gives up after the request timeout."""
    client = own_worker.client(req_timeout_ms=300)
    client.set("first", b"x" * (40 << 20))

    began = time.monotonic()
    text = _error(lambda: client.set("second", b"x" * (40 << 20)))

    assert text.startswith("code: [Out of memory]")
    assert "RPC Retry detail: [ Out of memory * 4 ]" in text
    assert time.monotonic() - began >= 0.3
    client.delete(["first"])
    client.set("second", b"x" * (40 << 20))
