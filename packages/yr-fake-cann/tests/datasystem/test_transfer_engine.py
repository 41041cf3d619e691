"""The transfer engine of the released datasystem reads an emulated NPU from another one."""

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from processes import HERE, MODES, Running, launched

ENGINE = os.path.join(HERE, "engine.py")
OFFERED = 3000
OK = [0, ""]
NOT_REGISTERED = [9, "remote range is not registered"]


@dataclass(frozen=True)
class Pair:
    """Two engines; the one that is read from offers its first 3,000 bytes."""

    owner: Running
    reader: Running
    port: int
    address: int

    def read(self, *ranges: tuple[int, int], first: int = 0) -> list[object]:
        """Read ranges, each an offset and a length in bytes."""
        addresses = [self.address + offset for offset, _ in ranges]
        answer: list[object] = self.reader.ask(
            "read", self.port, addresses, [length for _, length in ranges], first
        )
        return answer


@pytest.fixture(scope="module", params=["inline", "async"])
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    """Two engines on two NPUs."""
    ports, mode = _free_ports(2), MODES[request.param]
    with (
        launched([ENGINE, str(ports[0]), "0"], mode) as owner,
        launched([ENGINE, str(ports[1]), "1"], mode) as reader,
    ):
        assert owner.next() == reader.next() == {"ready": True}
        yield Pair(owner, reader, ports[0], owner.ask("offer", OFFERED))


def test_all_that_is_offered_arrives(pair: Pair) -> None:
    """Every number, twice, since the second read uses the connection of the first."""
    for _ in range(2):
        assert pair.read((0, OFFERED)) == [*OK, True]


def test_a_batch_arrives_in_the_order_in_which_it_is_asked_for(pair: Pair) -> None:
    """Two ranges that follow each other come from two places."""
    assert pair.read((400, 400), (800, 40), first=100) == [*OK, True]


def test_one_byte_too_many_is_refused(pair: Pair) -> None:
    """The owner lends what it has registered; and the next read works again."""
    assert pair.read((0, OFFERED + 1))[:2] == NOT_REGISTERED
    assert pair.read((0, OFFERED)) == [*OK, True]


def test_what_is_taken_back_is_refused(pair: Pair) -> None:
    """And may be offered again."""
    assert pair.owner.ask("withdraw") == OK

    assert pair.read((0, 40))[:2] == NOT_REGISTERED

    pair.owner.ask("offer", OFFERED)
    assert pair.read((0, 40)) == [*OK, True]


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
