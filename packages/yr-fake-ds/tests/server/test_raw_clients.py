"""A worker and clients that speak the protocol themselves: memory, references and goodbyes."""

from __future__ import annotations

import socket
import threading

import pytest
from raw_client import PLAIN, Connect, RefusedClientError, inspect
from served_worker import CAPACITY, Serve, wait_until

from yr_fake_ds import codec, framing, protocol
from yr_fake_ds.protocol import Done, Failed, Failure, Item, Published


def test_a_small_value_travels_in_the_messages_and_is_read_in_place(
    serve: Serve, connect: Connect
) -> None:
    """What is published inline is found in the arena, by any client."""
    port = serve().port
    writer, reader = connect(port), connect(port)

    assert writer.put("k", b"value") == Published([])

    assert reader.read(reader.get("k")[0]) == b"value"


def test_a_large_value_is_written_in_place(serve: Serve, connect: Connect) -> None:
    """What is written into a created slot is what readers see after the publish."""
    client = connect(serve().port)
    (slot,) = client.create(1000)
    client.arena[slot.offset : slot.offset + 1000] = b"x" * 1000
    assert client.ask(protocol.Exist(keys=["k"], timeout_ms=0)) == protocol.Existing([False])

    client.publish([Item("k", 1000, slot.id)])

    assert client.read(client.get("k")[0]) == b"x" * 1000


def test_slots_are_aligned(serve: Serve, connect: Connect) -> None:
    """Every slot begins at a multiple of 64 bytes."""
    client = connect(serve().port)

    assert [slot.offset % 64 for slot in client.create(1, 65, 64, 3)] == [0] * 4


def test_memory_lives_as_long_as_a_reference(serve: Serve, connect: Connect) -> None:
    """A deleted value's memory comes back when the last reference on it is released."""
    served = serve()
    client = connect(served.port)
    client.put("k", b"x" * 100)
    (slot,) = client.get("k")
    assert slot is not None

    assert client.ask(protocol.Delete(keys=["k"], timeout_ms=0)) == Failed([])
    assert served.used == 128
    assert client.ask(protocol.Release(slot_ids=[slot.id, slot.id, 999])) == Done()

    assert served.used == 0


def test_a_goodbye_gives_everything_back(serve: Serve, connect: Connect) -> None:
    """What a client held and created is free after its goodbye; values stay."""
    served = serve()
    client = connect(served.port)
    client.put("k", b"x")
    client.get("k")
    client.create(100, 200)

    client.say_goodbye()

    assert served.used == 64
    assert inspect(served.port).held_references == 0


def test_a_vanished_client_keeps_its_memory_for_a_while(serve: Serve, connect: Connect) -> None:
    """Without a goodbye nothing is freed before the dead timeout."""
    served = serve()
    client = connect(served.port)
    client.create(100)

    client.vanish()

    wait_until(lambda: inspect(served.port).clients == [], "the client's place is free")
    assert served.used == 128


def test_a_vanished_client_is_buried(serve: Serve, connect: Connect) -> None:
    """After the dead timeout its memory comes back."""
    served = serve(client_dead_timeout_s=0)
    client = connect(served.port)
    client.create(100)

    client.vanish()

    wait_until(lambda: served.used == 0, "the memory is free")


def test_a_client_that_registers_again_keeps_what_it_has(serve: Serve, connect: Connect) -> None:
    """The late end of an old connection does not count once there is a newer one."""
    served = serve(client_dead_timeout_s=0)
    first = connect(served.port)
    first.create(100)
    second = connect(served.port, client_id=first.id)

    first.vanish()

    second.put("k", b"x")
    assert inspect(served.port).clients == [first.id]
    assert served.used == 192


def test_a_get_that_outlives_its_client_holds_nothing(serve: Serve, connect: Connect) -> None:
    """A value that arrives for a client that left meanwhile is not held for ever."""
    served = serve()
    leaving, other = connect(served.port), connect(served.port)
    request = protocol.Get(keys=["late"], wait_ms=60_000, timeout_ms=60_000)
    framing.send_frame(leaving.socket, protocol.encode(request))
    leaving.say_goodbye()

    other.put("late", b"x")

    with pytest.raises(framing.ClosedError):
        framing.receive_header(leaving.socket, 0)
    assert inspect(served.port).held_references == 0


def test_who_left_is_not_served(serve: Serve, connect: Connect) -> None:
    """After a goodbye the client's sockets are of no use."""
    client = connect(serve().port)
    client.say_goodbye()

    with pytest.raises(ConnectionError):
        client.put("k", b"x")


def test_memory_is_waited_for(serve: Serve, connect: Connect) -> None:
    """A create that does not fit waits until somebody frees memory."""
    served = serve()
    holder, waiter = connect(served.port), connect(served.port)
    (slot,) = holder.create(CAPACITY)
    made: list[int] = []
    waiting = threading.Thread(
        target=lambda: made.append(waiter.create(100, timeout_ms=60_000)[0].size)
    )
    waiting.start()

    holder.ask(protocol.Release(slot_ids=[slot.id]))

    waiting.join(20)
    assert made == [100]


@pytest.mark.parametrize("size", [100, CAPACITY + 1])
def test_no_memory_is_an_error(serve: Serve, connect: Connect, size: int) -> None:
    """What does not fit in time, or ever, is "Out of memory", and nothing is reserved."""
    served = serve()
    client = connect(served.port)
    client.create(CAPACITY - 64)
    request = protocol.Create(keys=["a", "b"], sizes=[64, size], parameters=PLAIN, timeout_ms=0)

    reply = client.ask(request)

    assert isinstance(reply, Failure)
    assert reply.status == "Out of memory"
    assert served.used == CAPACITY - 64


def test_a_client_too_many_is_refused(serve: Serve, connect: Connect) -> None:
    """Places are limited by `max_client_num`."""
    served = serve(max_client_num=1)
    connect(served.port)

    with pytest.raises(RefusedClientError, match="Client number upper to the limit"):
        connect(served.port)


def test_latches_exclude_and_end_with_their_slot(serve: Serve, connect: Connect) -> None:
    """A writer is refused until the reader's slot is released."""
    served = serve()
    reader, writer = connect(served.port), connect(served.port)
    reader.put("k", b"x")
    (held,), (wanted,) = reader.get("k"), writer.get("k")
    assert held is not None
    assert wanted is not None
    assert reader.ask(protocol.Latch(slot_id=held.id, exclusive=False, timeout_ms=0)) == Done()
    write = protocol.Latch(slot_id=wanted.id, exclusive=True, timeout_ms=0)

    refused = writer.ask(write)
    reader.ask(protocol.Release(slot_ids=[held.id]))

    assert "futex wait timeout" in refused.message
    assert writer.ask(write) == Done()


def test_a_latch_needs_a_slot(serve: Serve, connect: Connect) -> None:
    """A slot that the client does not hold cannot be latched."""
    client = connect(serve().port)

    reply = client.ask(protocol.Latch(slot_id=77, exclusive=True, timeout_ms=0))

    assert reply.status == "Key not found"


def test_a_payload_that_nobody_wants_is_skipped(serve: Serve, connect: Connect) -> None:
    """A refused request's bytes do not disturb the next request."""
    client = connect(serve().port)

    reply = client.ask(protocol.Exist(keys=["k"], timeout_ms=0), [b"x" * 5000])

    assert reply == protocol.Existing([False])
    assert client.put("k", b"x") == Published([])


def test_inspection_tells_what_is_there(serve: Serve, connect: Connect) -> None:
    """Objects with size, references and time to live; clients, memory, calls."""
    served = serve()
    client = connect(served.port)
    client.put("k", b"x" * 10)
    client.get("k")
    client.ask(protocol.Expire(keys=["k"], ttl_s=100, timeout_ms=0))

    state = inspect(served.port)

    (one,) = state.objects
    assert (one.key, one.size, one.references, one.replica) == ("k", 10, 1, False)
    assert one.ttl_s is not None
    assert 90 < one.ttl_s <= 101
    assert (state.clients, state.arena_bytes, state.used_bytes) == ([client.id], CAPACITY, 64)
    assert state.calls == {"Hello": 1, "Publish": 1, "Get": 1, "Expire": 1}
    assert [entry.call for entry in state.journal] == ["Hello", "Publish", "Get", "Expire"]


def test_another_worker_gets_bytes_or_a_refusal(serve: Serve, connect: Connect) -> None:
    """PeerGet is answered with the value's bytes, or with "no object copy exists"."""
    served = serve()
    connect(served.port).put("k", b"value")
    ((_key, version),) = [block.name for block in served.memory.blocks.copies() if block.name]

    answers = [peer_get(served.port, number) for number in (version, version + 1)]

    assert answers[0] == (protocol.PeerValue(5), b"value")
    assert isinstance(answers[1][0], Failure)
    assert "no object copy exists" in answers[1][0].message
    wait_until(lambda: inspect(served.port).held_references == 0, "the copy is free again")


def peer_get(port: int, version: int) -> tuple[protocol.Message, bytes]:
    """Ask for a copy of k as another worker does."""
    with socket.create_connection(("127.0.0.1", port), 20) as sock:
        request = protocol.PeerGet(key="k", version=version)
        framing.send_frame(sock, protocol.encode(request))
        data, size = framing.receive_header(sock, CAPACITY)
        return codec.decode_reply(data), bytes(framing.receive_exactly(sock, size))
