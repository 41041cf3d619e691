"""Reads of a `TransferEngine` between two processes on two emulated NPUs."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import pytest
from transfer_peer import OK, SIZE, Peer, some_bytes

NOT_REGISTERED = [9, "remote range is not registered"]
NO_ANSWER = [5, "read frame header failed"]
Start = Callable[..., Peer]


def test_every_byte_arrives(owner: Peer, reader: Peer) -> None:
    """The whole of a region, and what lies around the target stays."""
    source = owner.offer("x", some_bytes())
    target = reader.make("r", bytes(SIZE + 20))

    answer = reader.ask("transfer_sync_read", owner.endpoint, target + 10, source, SIZE)

    assert answer == OK
    assert reader.holds("r") == bytes(10) + some_bytes() + bytes(10)


def test_a_part_is_read_by_its_address(owner: Peer, reader: Peer) -> None:
    """An offset is an address inside the region; the first and the last byte are part of it."""
    source = owner.offer("x", some_bytes())
    target = reader.make("r", bytes(3))

    for offset in (0, 777, SIZE - 3):
        where = source + offset
        assert reader.ask("transfer_sync_read", owner.endpoint, target, where, 3) == OK
        assert reader.holds("r") == some_bytes()[offset : offset + 3]


def test_a_batch_reads_from_several_regions(owner: Peer, reader: Peer) -> None:
    """Each item arrives at its own address, in whatever order they are asked for."""
    data = [some_bytes(1000 + seed, seed) for seed in range(5)]
    sources = [owner.make(f"x{index}", part) for index, part in enumerate(data)]
    sizes = [len(part) for part in data]
    assert owner.ask("batch_register_memory", sources, sizes) == OK
    targets = [reader.make(f"r{index}", bytes(size)) for index, size in enumerate(sizes)]
    lists = targets[::-1], sources[::-1], sizes[::-1]

    assert reader.ask("batch_transfer_sync_read", owner.endpoint, *lists) == OK

    assert [reader.holds(f"r{index}") for index in range(5)] == data


def test_reads_see_what_is_there_now(owner: Peer, reader: Peer) -> None:
    """Memory that the owner writes again is read as it is then; the owner takes no part."""
    source = owner.offer("x", some_bytes())
    target = reader.make("r", bytes(SIZE))
    reader.ask("transfer_sync_read", owner.endpoint, target, source, SIZE)

    owner.ask("fill", "x", some_bytes(seed=2).hex())

    assert reader.ask("transfer_sync_read", owner.endpoint, target, source, SIZE) == OK
    assert reader.holds("r") == some_bytes(seed=2)


@pytest.mark.parametrize(("offset", "size"), [(0, 101), (1, 100), (100, 1), (-1, 2), (50, 51)])
def test_nothing_outside_a_region_is_read(
    owner: Peer, reader: Peer, offset: int, size: int
) -> None:
    """One byte too many is enough, although the memory beside it is the owner's, too."""
    source = owner.make("x", some_bytes(300)) + 100
    owner.ask("register_memory", source, 100)
    target = reader.make("r", bytes(200))

    answer = reader.ask("transfer_sync_read", owner.endpoint, target, source + offset, size)

    assert answer == NOT_REGISTERED
    assert reader.holds("r") == bytes(200)


def test_two_regions_are_not_one(owner: Peer, reader: Peer) -> None:
    """A range over the border of two neighbours is refused, as by the real one."""
    source = owner.make("x", some_bytes(200))
    owner.ask("batch_register_memory", [source, source + 100], [100, 100])
    target = reader.make("r", bytes(200))

    assert reader.ask("transfer_sync_read", owner.endpoint, target, source, 200) == NOT_REGISTERED


def test_a_batch_ends_where_it_is_refused(owner: Peer, reader: Peer) -> None:
    """What comes before an item that is not registered has arrived, as from the real one."""
    source, other = owner.offer("x", some_bytes(100)), owner.make("y", some_bytes(100))
    target = reader.make("r", bytes(300))
    lists = [target, target + 100, target + 200], [source, other, source], [100, 100, 100]

    assert reader.ask("batch_transfer_sync_read", owner.endpoint, *lists) == NOT_REGISTERED
    assert reader.holds("r") == some_bytes(100) + bytes(200)


def test_unregistered_memory_is_not_read(owner: Peer, reader: Peer) -> None:
    """What was taken back cannot be read, and can be registered again."""
    source = owner.offer("x", some_bytes(100))
    target = reader.make("r", bytes(100))
    read = "transfer_sync_read", owner.endpoint, target, source, 100

    assert owner.ask("unregister_memory", source) == OK
    assert reader.ask(*read) == NOT_REGISTERED
    owner.ask("register_memory", source, 100)
    assert reader.ask(*read) == OK


def test_a_region_belongs_to_the_npu_of_its_engine(owner: Peer, reader: Peer) -> None:
    """Initialized for another NPU, the engine does not lend what it registered before."""
    source = owner.offer("x", some_bytes(100))
    target = reader.make("r", bytes(100))
    owner.ask("finalize")
    owner.ask("initialize", owner.endpoint, "ascend", "npu:2")

    answer = reader.ask("transfer_sync_read", owner.endpoint, target, source, 100)

    assert answer == [36, "registered npu_id does not match owner initialized device_id"]


def test_memory_of_the_host_cannot_be_sent(owner: Peer, reader: Peer) -> None:
    """Any address can be registered; that it is no NPU's shows when it is read."""
    target = reader.make("r", bytes(100))
    owner.ask("register_memory", 4096, 100)

    answer = reader.ask("transfer_sync_read", owner.endpoint, target, 4096, 100)

    assert answer == [5, "aclrtSynchronizeEventWithTimeout failed, acl rc=507047"]


def test_memory_of_the_host_cannot_receive(owner: Peer, reader: Peer) -> None:
    """A buffer that is no NPU's is an error and is not written to."""
    source = owner.offer("x", some_bytes(100))

    answer = reader.ask("transfer_sync_read", owner.endpoint, 4096, source, 100)

    assert answer == [5, "aclrtSynchronizeEventWithTimeout failed, acl rc=107016"]


def test_a_thread_needs_a_device(owner: Peer, reader: Peer) -> None:
    """The error tells what to call, as the real one's."""
    source = owner.offer("x", some_bytes(100))
    target = reader.make("r", bytes(100))

    code, text = reader.ask("on_thread", "transfer_sync_read", owner.endpoint, target, source, 100)

    assert code == 5
    assert text.startswith(
        "aclrtGetCurrentContext failed, acl rc=107002, hint: please call aclInit"
    )


def test_a_read_changes_the_threads_device(owner: Peer, reader: Peer) -> None:
    """To the engine's, also if the owner refuses; not if there is no owner."""
    source = owner.offer("x", some_bytes(100))
    target = reader.make("r", bytes(200))
    devices = []

    for endpoint, size in ((owner.endpoint, 100), (owner.endpoint, 101), ("127.0.0.1:1", 100)):
        reader.ask("use", 2)
        reader.ask("transfer_sync_read", endpoint, target, source, size)
        devices.append(reader.ask("device"))

    assert devices == [1, 1, 2]


def test_the_npu_of_an_engine_must_be_there(owner: Peer, reader: Peer) -> None:
    """It is looked for when somebody reads, at the reader and at the owner."""
    source = owner.offer("x", some_bytes(100))
    target = reader.make("r", bytes(100))
    reader.ask("finalize")
    reader.ask("initialize", reader.endpoint, "ascend", "npu:99")

    answer = reader.ask("transfer_sync_read", owner.endpoint, target, source, 100)
    other_way = owner.ask("transfer_sync_read", reader.endpoint, source, target, 100)

    assert answer == [5, "aclrtSetDevice(recv) failed, acl rc=107001"]
    assert other_way == [5, "P2PCommInitRootInfo(RECV) failed, hccl rc=4"]
    assert owner.holds("x") == some_bytes(100)


def test_an_engine_reads_its_own_memory(owner: Peer) -> None:
    """The endpoint may be its own."""
    source = owner.offer("x", some_bytes())
    target = owner.make("r", bytes(SIZE))

    assert owner.ask("transfer_sync_read", owner.endpoint, target, source, SIZE) == OK
    assert owner.holds("r") == some_bytes()


def test_threads_read_at_once(owner: Peer, reader: Peer) -> None:
    """Each of eight gets all of it."""
    source = owner.offer("x", some_bytes())
    target = reader.make("r", bytes(SIZE))

    answers = reader.ask("at_once", 8, "transfer_sync_read", owner.endpoint, target, source, SIZE)

    assert answers == [OK] * 8
    assert reader.holds("r") == some_bytes()


def test_a_dead_owner_is_an_error_at_once(owner: Peer, reader: Peer) -> None:
    """Nothing listens there any more."""
    source = owner.offer("x", some_bytes(100))
    target = reader.make("r", bytes(100))

    owner.process.kill()

    answer = reader.ask("transfer_sync_read", owner.endpoint, target, source, 100)
    assert answer == [5, "connect failed"]


def test_an_owner_that_dies_during_a_read_is_an_error(owner: Peer, reader: Peer) -> None:
    """The read that waits for it ends with it, long before its time is over."""
    source = owner.offer("x", some_bytes(100))
    target = reader.make("r", bytes(100))
    owner.process.stop()
    reader.process.begin("transfer_sync_read", owner.endpoint, target, source, 100)
    wait_for_connection(owner.port)

    killed = time.monotonic()
    owner.process.kill()

    assert reader.process.answer() == NO_ANSWER
    assert time.monotonic() - killed < 10
    assert reader.holds("r") == bytes(100)


def test_an_owner_that_hangs_is_an_error_in_bounded_time(owner: Peer, start: Start) -> None:
    """The real one waits for ever."""
    source = owner.offer("x", some_bytes(100))
    reader = start(1, YR_FAKE_DS_TRANSFER_TIMEOUT_MS="300")
    target = reader.make("r", bytes(100))

    owner.process.stop()
    began = time.monotonic()
    answer = reader.ask("transfer_sync_read", owner.endpoint, target, source, 100)
    waited = time.monotonic() - began
    owner.process.kill()

    assert answer == NO_ANSWER
    assert waited < 20


def test_a_reader_that_dies_holds_nothing(owner: Peer, start: Start) -> None:
    """The owner can take its memory back and finalize."""
    source = owner.offer("x", some_bytes(100))
    reader = start(1)
    target = reader.make("r", bytes(100))
    reader.ask("transfer_sync_read", owner.endpoint, target, source, 100)

    reader.process.kill()

    assert owner.ask("unregister_memory", source) == OK
    assert owner.ask("finalize") == OK


def test_finalize_ends_the_port_and_the_threads(owner: Peer, reader: Peer) -> None:
    """Also those that served; a read then is refused, and a new life serves the same regions."""
    source = owner.offer("x", some_bytes(100))
    target = reader.make("r", bytes(100))
    read = "transfer_sync_read", owner.endpoint, target, source, 100
    assert reader.ask(*read) == OK

    assert owner.ask("finalize") == OK

    assert owner.ask("threads") == ["MainThread"]
    assert reader.ask(*read) == [5, "connect failed"]
    assert owner.ask("initialize", owner.endpoint, "ascend", "npu:0") == OK
    assert reader.ask(*read) == OK


def wait_for_connection(port: int) -> None:
    """Wait until somebody is connected to a port of a process that accepts nobody."""
    wanted = f":{port:04X} "
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with open("/proc/net/tcp", encoding="ascii") as table:
            rows = [line.split() for line in table if wanted in line]
        if any(row[3] == "01" for row in rows):
            return
        time.sleep(0.02)
    raise TimeoutError(f"nobody came to port {port}")


def test_the_helper_knows_a_connection() -> None:
    """What waits for connections would not be satisfied by a port that only listens."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            wait_for_connection(port)
