"""Two workers on one metastore: what one of them has, both have."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable

import pytest
from cluster import Cluster
from raw_client import Connect, RawClient, inspect
from served_worker import wait_until

from yr_fake_ds import protocol
from yr_fake_ds.protocol import Item, Parameters

MEBIBYTE = 2**20
CREATED = Parameters(0, 0, 0, 0)


@pytest.fixture
def key() -> str:
    """A key of the test's own."""
    return f"two-{uuid.uuid4()}"


@pytest.fixture
def head(cluster: Cluster, connect: Connect) -> RawClient:
    """A client of the head."""
    return connect(cluster.head.port)


@pytest.fixture
def joined(cluster: Cluster, connect: Connect) -> RawClient:
    """A client of the worker that joined."""
    return connect(cluster.joined.port)


def delete(client: RawClient, *keys: str) -> protocol.Message:
    """Delete keys."""
    reply: protocol.Message = client.ask(protocol.Delete(keys=list(keys), timeout_ms=1000))
    return reply


def exist(client: RawClient, key: str) -> bool:
    """Tell whether a key exists."""
    reply = client.ask(protocol.Exist(keys=[key], timeout_ms=1000))
    (present,) = reply.present
    return bool(present)


def copies(port: int, key: str) -> list[bool]:
    """Tell for each copy of a key at a worker whether it is a replica."""
    return [state.replica for state in inspect(port).objects if state.key == key]


def test_a_value_is_read_at_the_other_worker(head: RawClient, joined: RawClient, key: str) -> None:
    """What is written at one worker is read at the other, in both directions."""
    head.put(key, b"from the head")
    joined.put(key + "-j", b"from the other")

    assert joined.read(joined.get(key)[0]) == b"from the head"
    assert head.read(head.get(key + "-j")[0]) == b"from the other"


def test_reading_leaves_a_replica(
    cluster: Cluster, head: RawClient, joined: RawClient, key: str
) -> None:
    """The reader's worker keeps a copy, which is no original."""
    head.put(key, b"value")

    joined.get(key)

    assert copies(cluster.head.port, key) == [False]
    assert copies(cluster.joined.port, key) == [True]


@pytest.mark.parametrize("change", [delete, lambda client, key: client.put(key, b"new")])
def test_a_change_takes_replicas_away(
    cluster: Cluster,
    head: RawClient,
    joined: RawClient,
    key: str,
    change: Callable[[RawClient, str], object],
) -> None:
    """Deleting or overwriting a key removes copies everywhere; who holds one keeps its bytes."""
    head.put(key, b"old")
    (slot,) = joined.get(key)

    change(head, key)

    wait_until(lambda: copies(cluster.joined.port, key) == [], "the replica is gone")
    assert joined.read(slot) == b"old"


def test_an_overwrite_is_seen_at_once(head: RawClient, joined: RawClient, key: str) -> None:
    """After the answer to a write, the other worker reads the new value, every time."""
    seen = []
    for number in range(20):
        writer, reader = (head, joined) if number % 2 else (joined, head)
        writer.put(key, f"{number:04}".encode())
        seen.append(int(reader.read(reader.get(key)[0])))

    assert seen == list(range(20))


def test_a_delete_is_seen_at_once(head: RawClient, joined: RawClient, key: str) -> None:
    """After the answer to a delete, the key exists nowhere, replicas or not."""
    for _round in range(10):
        head.put(key, b"value")
        joined.get(key)

        assert delete(joined, key) == protocol.Failed([])

        assert not exist(head, key)
        assert not exist(joined, key)


def test_a_waiting_get_wakes_across_workers(head: RawClient, joined: RawClient, key: str) -> None:
    """A get that waits at one worker ends when the key is written at the other."""
    slots: list[protocol.Slot | None] = []
    waiter = threading.Thread(target=lambda: slots.extend(joined.get(key, wait_ms=20_000)))
    waiter.start()

    head.put(key, b"value")
    waiter.join(20)

    assert joined.read(slots[0]) == b"value"


def test_a_transaction_sees_keys_of_the_other_worker(
    head: RawClient, joined: RawClient, key: str
) -> None:
    """`msettx` fails as a whole if one key exists elsewhere, with the text for elsewhere."""
    head.put(key, b"value")
    request = protocol.Publish(
        call="msettx",
        items=[Item(key + "-free", 1), Item(key, 1)],
        parameters=protocol.Parameters(1, 0, 0, 0),
        timeout_ms=1000,
        only_if_absent=True,
    )

    reply = joined.ask(request, [b"1", b"2"])

    assert isinstance(reply, protocol.Failure)
    assert f"object[{key}] already exist\nLine of code : 628" in reply.message
    assert not exist(joined, key + "-free")


def test_a_sealed_key_is_refused_by_the_metadata_or_by_the_worker(
    head: RawClient, joined: RawClient, key: str
) -> None:
    """By the metadata where there is no copy, before memory is made where there is one."""
    seal = protocol.Publish(call="seal", items=[Item(key, 1)], parameters=CREATED, timeout_ms=1000)
    create = protocol.Create(
        keys=[key], sizes=[1], parameters=CREATED, timeout_ms=0, unless_sealed=True
    )
    head.ask(seal, [b"1"])

    refused = joined.ask(seal, [b"2"])
    created = joined.ask(create)
    joined.get(key)
    refused_later, not_created = joined.ask(seal, [b"2"]), joined.ask(create)

    assert "Already sealed\nLine of code : 564" in refused.message
    assert isinstance(created, protocol.Created)
    assert "already be sealed.\nLine of code : 71" in refused_later.message
    assert "Cannot create sealed object.\nLine of code : 99" in not_created.message


def test_bytes_that_somebody_writes_do_not_travel(
    head: RawClient, joined: RawClient, key: str
) -> None:
    """The other worker is refused at once while the write latch is taken."""
    head.put(key, b"1")
    (slot,) = head.get(key)
    assert slot is not None
    head.ask(protocol.Latch(slot_id=slot.id, exclusive=True, timeout_ms=0))
    get = protocol.Get(keys=[key], wait_ms=0, timeout_ms=1000)

    refused = joined.ask(get)
    head.ask(protocol.Unlatch(slot_id=slot.id, exclusive=True))

    assert "Try read latch failed\nLine of code : 48" in refused.message
    assert joined.read(joined.get(key)[0]) == b"1"


def test_replicas_make_room(cluster: Cluster, head: RawClient, joined: RawClient, key: str) -> None:
    """More than fits can be read one after the other; the originals stay."""
    names = [f"{key}-{number}" for number in range(3)]
    for name in names:
        head.put(name, name.encode() * (MEBIBYTE // len(name)))

    for _round in range(3):
        for name in names:
            (slot,) = joined.get(name)
            assert joined.read(slot).startswith(name.encode())
            joined.ask(protocol.Release(slot_ids=[slot.id if slot else 0]))

    assert [copies(cluster.head.port, name) for name in names] == [[False]] * 3
    assert inspect(cluster.joined.port).used_bytes <= 4 * MEBIBYTE
    delete(head, *names)


def test_no_room_for_a_replica(head: RawClient, joined: RawClient, key: str) -> None:
    """Alone, a value for which there is no room is RPC unavailable; in a batch it is missing."""
    joined.create(3 * MEBIBYTE)
    head.put(key, b"x" * 2 * MEBIBYTE)
    head.put(key + "-small", b"small")

    alone = joined.ask(protocol.Get(keys=[key], wait_ms=0, timeout_ms=100))
    batch = joined.ask(protocol.Get(keys=[key + "-small", key], wait_ms=0, timeout_ms=100))

    assert (alone.status, "No space" in alone.message) == ("RPC unavailable", True)
    assert joined.read(batch.slots[0]) == b"small"
    assert batch.slots[1] is None
    delete(head, key, key + "-small")
