"""What a worker holds while its head is lost, and what a head takes from one that is back."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from yr_fake_ds.admission import Admission
from yr_fake_ds.daemon.memory import Memory
from yr_fake_ds.directory.messages import Announce, Entry
from yr_fake_ds.directory.remote import DirectoryLostError, RemoteDirectory
from yr_fake_ds.directory.server import DirectoryServer
from yr_fake_ds.directory.service import DirectoryService
from yr_fake_ds.protocol import Parameters

ME = "127.0.0.1:1"
CLIENT = "client"
SIZE = 8


@pytest.fixture
def memory() -> Memory:
    """Memory for some values."""
    return Memory(1 << 20)


@pytest.fixture
def remote() -> Iterator[RemoteDirectory]:
    """A directory across a connection, which nobody has joined."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        DirectoryServer(DirectoryService()).listen(sock, Admission())
        remote = RemoteDirectory(*sock.getsockname())
        yield remote
        remote.close()


def copy(memory: Memory, key: str, version: int) -> None:
    """Hold a copy of a value."""
    (block,) = memory.create([SIZE], CLIENT, time.monotonic(), [])
    memory.name(block, key, version, evictable=False, replica=False)


def is_here(memory: Memory, key: str, version: int) -> bool:
    """Tell whether that copy is there."""
    return memory.hold_copy(key, version, CLIENT) is not None


def test_a_value_on_its_way_when_the_head_was_lost_stays(memory: Memory) -> None:
    """It is what the head has just learned of; the value that it replaces goes."""
    copy(memory, "key", 1)
    copy(memory, "key", 2)

    memory.survive()
    memory.forget_survivors(["key"], kept=[("key", 2)])

    assert (is_here(memory, "key", 1), is_here(memory, "key", 2)) == (False, True)


def test_readers_get_what_was_published(memory: Memory) -> None:
    """Not the value that is on its way; and the old one again when the new one is refused."""
    copy(memory, "key", 1)
    copy(memory, "key", 2)
    memory.survive()
    before = memory.hold_survivor("key", CLIENT)

    memory.drop([("key", 2)])

    assert before == memory.hold_survivor("key", CLIENT) == memory.hold_copy("key", 1, CLIENT)


def test_a_deleted_key_leaves_nothing(memory: Memory) -> None:
    """All copies go that the head does not know."""
    copy(memory, "key", 1)
    copy(memory, "key", 2)
    memory.survive()

    memory.forget_survivors(["key"])

    assert [is_here(memory, "key", version) for version in (1, 2)] == [False, False]
    assert not memory.survived("key")


def test_a_worker_joins_before_it_announces(remote: RemoteDirectory) -> None:
    """The head would forget it with the join, which lets go of an earlier life's copies."""
    value = Announce(
        address=ME,
        call="set",
        entries=[Entry("key", SIZE, 1)],
        parameters=Parameters(1, 0, 0, 0),
        only_if_absent=False,
        nested=[],
    )
    with pytest.raises(DirectoryLostError):
        remote.announce(value)

    remote.follow(ME, lambda _names: None, lambda: None)

    assert remote.announce(value) == []
    (located,) = remote.locate(["key"], 0)
    assert located is not None
    assert located.holders == [ME]
