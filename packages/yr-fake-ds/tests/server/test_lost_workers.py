"""Workers that stop or crash: what the others can still do, as measured on the real system."""

from __future__ import annotations

import os
import signal

import pytest
from cluster import Cluster
from raw_client import Connect, RawClient
from served_worker import wait_until

from yr_fake_ds import protocol
from yr_fake_ds.protocol import Item, Request

SHORT_MS = 300


def refusal(client: RawClient, request: Request) -> str:
    """Make a request that must be refused, and return status and text."""
    reply = client.ask(request)
    assert isinstance(reply, protocol.Failure), reply
    return f"{reply.status}: {reply.message}"


def get(*keys: str, wait_ms: int = 0) -> protocol.Get:
    """Ask for values, not for long."""
    return protocol.Get(keys=list(keys), wait_ms=wait_ms, timeout_ms=SHORT_MS)


def delete(*keys: str) -> protocol.Delete:
    """Delete keys, not for long."""
    return protocol.Delete(keys=list(keys), timeout_ms=SHORT_MS)


def present(client: RawClient, *keys: str) -> list[bool]:
    """Tell which keys exist."""
    answer: list[bool] = client.ask(protocol.Exist(keys=list(keys), timeout_ms=1000)).present
    return answer


def try_put(client: RawClient, key: str) -> protocol.Message:
    """Set a key, not for long."""
    request = protocol.Publish(
        call="set",
        items=[Item(key, 1)],
        parameters=protocol.Parameters(1, 0, 0, 0),
        timeout_ms=SHORT_MS,
    )
    reply: protocol.Message = client.ask(request, [b"x"])
    return reply


def test_an_orderly_stop_takes_its_values_along(fresh_cluster: Cluster, connect: Connect) -> None:
    """Its keys exist and have no copy, but what the other worker had read stays readable there."""
    head, joined = connect(fresh_cluster.head.port), connect(fresh_cluster.joined.port)
    joined.put("only-there", b"1")
    joined.put("read-before", b"2")
    head.get("read-before")

    fresh_cluster.joined.stop()

    assert present(head, "only-there", "read-before") == [True, True]
    assert "no object copy exists" in refusal(head, get("only-there"))
    assert head.read(head.get("read-before")[0]) == b"2"


def test_values_of_a_crashed_worker_are_out_of_reach(
    fresh_cluster: Cluster, connect: Connect
) -> None:
    """Using them fails when the time is over, in batches too; replicas and other keys live on."""
    head, joined = connect(fresh_cluster.head.port), connect(fresh_cluster.joined.port)
    for key in ("there", "replicated"):
        joined.put(key, key.encode())
    head.get("replicated")

    crash(fresh_cluster, head, joined)

    assert refusal(head, get("there")).startswith("RPC unavailable")
    assert refusal(head, get("replicated", "there")).startswith("RPC unavailable")
    assert refusal(head, delete("there")).startswith("RPC unavailable")
    assert refusal(head, delete("replicated")).startswith("RPC unavailable")
    assert present(head, "there", "replicated") == [True, True]
    assert head.read(head.get("replicated")[0]) == b"replicated"
    assert isinstance(try_put(head, "fresh"), protocol.Published)


def test_a_refused_overwrite_names_the_master(fresh_cluster: Cluster, connect: Connect) -> None:
    """Setting a key whose worker crashed fails like a lost master; `mset` counts it as failed."""
    head, joined = connect(fresh_cluster.head.port), connect(fresh_cluster.joined.port)
    joined.put("there", b"1")
    crash(fresh_cluster, head, joined)

    single = try_put(head, "there")
    batch = head.ask(
        protocol.Publish(
            call="mset",
            items=[Item("there", 1), Item("fresh", 1)],
            parameters=protocol.Parameters(1, 0, 0, 0),
            timeout_ms=SHORT_MS,
        ),
        [b"1", b"2"],
    )

    assert isinstance(single, protocol.Failure)
    assert "Create meta to master failed" in single.message
    assert batch == protocol.Published(["there"])
    assert head.read(head.get("fresh")[0]) == b"2"


def test_a_crashed_worker_comes_back_empty(fresh_cluster: Cluster, connect: Connect) -> None:
    """After its restart nobody has its old values, and its keys can be written again."""
    head, joined = connect(fresh_cluster.head.port), connect(fresh_cluster.joined.port)
    joined.put("there", b"old")
    fresh_cluster.joined.kill()

    fresh_cluster.joined.start()

    assert "no object copy exists" in refusal(head, get("there"))
    assert isinstance(try_put(head, "there"), protocol.Published)
    back = connect(fresh_cluster.joined.port)
    assert back.read(back.get("there")[0]) == b"x"


def test_without_the_head_only_reading_here_works(fresh_cluster: Cluster, connect: Connect) -> None:
    """A worker whose head crashed serves what it has, new clients too; all else is refused."""
    head, joined = connect(fresh_cluster.head.port), connect(fresh_cluster.joined.port)
    joined.put("here", b"1")
    head.put("replica", b"2")
    joined.get("replica")

    fresh_cluster.head.kill()

    wait_until(lambda: answers(joined, "here"), "the loss is noticed")
    newcomer = connect(fresh_cluster.joined.port)
    assert newcomer.read(newcomer.get("replica")[0]) == b"2"
    assert present(newcomer, "here", "replica") == [True, True]
    for request in (get("nowhere"), get("here", "nowhere"), delete("here")):
        assert refusal(joined, request).startswith("RPC unavailable")
    assert isinstance(try_put(joined, "new"), protocol.Failure)
    assert answers(joined, "here")


def test_the_head_comes_back_and_knows_nothing(fresh_cluster: Cluster, connect: Connect) -> None:
    """What a worker kept meanwhile is seen by its own clients only, until they write or delete."""
    joined = connect(fresh_cluster.joined.port)
    for key in ("kept", "written", "deleted"):
        joined.put(key, b"old")
    fresh_cluster.head.kill()

    fresh_cluster.head.start()

    head = connect(fresh_cluster.head.port)
    wait_until(lambda: isinstance(try_put(joined, "written"), protocol.Published), "it joined")
    assert joined.ask(delete("deleted")) == protocol.Failed([])
    assert present(head, "kept", "written", "deleted") == [False, True, False]
    assert present(joined, "kept", "written", "deleted") == [True, True, False]
    assert head.read(head.get("written")[0]) == joined.read(joined.get("written")[0]) == b"x"


@pytest.mark.parametrize("kept_ms", [0, 20_000])
def test_who_waits_is_not_left_alone_by_a_frozen_worker(
    fresh_cluster: Cluster, connect: Connect, kept_ms: int
) -> None:
    """A frozen worker with the only copy makes a get fail, and serves it when it goes on."""
    head, joined = connect(fresh_cluster.head.port), connect(fresh_cluster.joined.port)
    joined.put("there", b"value")
    os.kill(fresh_cluster.joined.pid, signal.SIGSTOP)

    text = refusal(head, get("there", wait_ms=min(kept_ms, SHORT_MS)))
    os.kill(fresh_cluster.joined.pid, signal.SIGCONT)

    assert text.startswith("RPC unavailable")
    assert head.read(head.get("there")[0]) == b"value"


def crash(cluster: Cluster, head: RawClient, joined: RawClient) -> None:
    """Kill the joined worker and wait until the head has noticed."""
    probes = iter(range(100))
    for number in range(100):
        joined.put(f"probe-{number}", b"1")
    cluster.joined.kill()
    wait_until(
        lambda: isinstance(try_put(head, f"probe-{next(probes)}"), protocol.Failure), "it noticed"
    )


def answers(client: RawClient, key: str) -> bool:
    """Tell whether a key can be read."""
    return isinstance(client.ask(get(key)), protocol.Got)
