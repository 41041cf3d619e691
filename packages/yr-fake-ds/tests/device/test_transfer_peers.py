"""Peers of a transfer engine that take their time, vanish or lie; the test is one of them."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from transfer_peer import OK, Peer, some_bytes

from yr_fake_ds import framing
from yr_fake_ds.transfer import messages

PATIENCE_S = 30.0
NO_ANSWER = [5, "read frame header failed"]


class Borrower:
    """Asks an engine for memory as a reader does, and keeps it."""

    def __init__(self, peer: Peer) -> None:
        self._socket = socket.create_connection(("127.0.0.1", peer.port), PATIENCE_S)
        self.ask(messages.Introduce())

    def borrow(self, address: int, length: int) -> Any:
        """Ask for memory."""
        return self.ask(messages.Read([(address, length)]))

    def ask(self, question: messages.Ask) -> Any:
        """Return an answer; ConnectionError or TimeoutError if none comes."""
        framing.send_frame(self._socket, messages.encode(question))
        message, _length = framing.receive_header(self._socket, 0, within_s=PATIENCE_S)
        return messages.decode_answer(message)

    def close(self) -> None:
        """Vanish."""
        self._socket.close()


@pytest.fixture
def borrower(owner: Peer) -> Iterator[Borrower]:
    """Give one that has introduced itself."""
    with contextlib.closing(Borrower(owner)) as made:
        yield made


@pytest.mark.parametrize("call", ["unregister_memory", "finalize"])
def test_the_owner_waits_for_who_reads(owner: Peer, borrower: Borrower, call: str) -> None:
    """Memory is the owner's again when the reader has finished, and not before."""
    source = owner.offer("x", some_bytes(100))
    assert borrower.borrow(source + 1, 10).refused is None

    owner.process.begin(call, *([source] if call == "unregister_memory" else []))

    assert not answers_within(owner, 0.5)
    assert borrower.ask(messages.Finished()) == messages.Finished()
    assert owner.process.answer() == OK


def test_the_owner_does_not_wait_for_the_dead(owner: Peer, borrower: Borrower) -> None:
    """The end of a connection ends its loans."""
    source = owner.offer("x", some_bytes(100))
    borrower.borrow(source, 100)
    owner.process.begin("unregister_memory", source)

    borrower.close()

    assert owner.process.answer() == OK


def test_the_owner_waits_in_bounded_time(start: Callable[..., Peer]) -> None:
    """A reader that hangs loses the loan, and is not told afterwards that all went well."""
    owner = start(0, YR_FAKE_DS_TRANSFER_TIMEOUT_MS="300")
    source = owner.offer("x", some_bytes(100))
    with contextlib.closing(Borrower(owner)) as hanging:
        hanging.borrow(source, 100)

        assert owner.ask("unregister_memory", source) == OK
        with pytest.raises(ConnectionError):
            hanging.ask(messages.Finished())


def test_a_range_of_another_kind_is_no_range(owner: Peer, borrower: Borrower) -> None:
    """Negative addresses end the connection; the engine goes on."""
    owner.offer("x", some_bytes(100))

    with pytest.raises(ConnectionError):
        borrower.borrow(-1, 2)

    with contextlib.closing(Borrower(owner)) as other:
        refused = other.borrow(2**64 - 1, 2**64 - 1).refused
    assert refused.message == "remote range is not registered"


@pytest.mark.parametrize("name", ["", "nonsense", "yrfc:1:1:0:1000:0", "x" * 10_000])
def test_a_lying_owner_is_an_error(reader: Peer, name: str) -> None:
    """It can name what it likes: nothing is written."""
    target = reader.make("r", bytes(100))

    with answering([messages.Owner(0), messages.Lent([name]), messages.Finished()]) as port:
        answer = reader.ask("transfer_sync_read", f"127.0.0.1:{port}", target, 4096, 100)

    assert answer == [5, "aclrtSynchronizeEventWithTimeout failed, acl rc=507047"]
    assert reader.holds("r") == bytes(100)


@pytest.mark.parametrize("names", [[], ["x", "y"]])
def test_an_owner_that_cannot_count_is_an_error(reader: Peer, names: list[str]) -> None:
    """One range, one name."""
    target = reader.make("r", bytes(100))

    with answering([messages.Owner(0), messages.Lent(names)]) as port:
        answer = reader.ask("transfer_sync_read", f"127.0.0.1:{port}", target, 4096, 100)

    assert answer == [5, "rpc method mismatch"]


def test_a_read_whose_loan_ended_is_an_error(owner: Peer, reader: Peer, borrower: Borrower) -> None:
    """The bytes may have arrived; that they were still the owner's nobody can say."""
    source = owner.offer("x", some_bytes(100))
    target = reader.make("r", bytes(100))
    lent = borrower.borrow(source, 100)

    with answering([messages.Owner(0), lent]) as port:
        answer = reader.ask("transfer_sync_read", f"127.0.0.1:{port}", target, source, 100)

    assert answer == NO_ANSWER


def answers_within(peer: Peer, seconds: float) -> bool:
    """Tell whether a process has answered after so long."""
    return bool(select.select([peer.process.output], [], [], seconds)[0])


@contextlib.contextmanager
def answering(answers: list[messages.Answer]) -> Iterator[int]:
    """Be an owner that answers in this order, whatever it is asked; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(PATIENCE_S)
        thread = threading.Thread(target=_answer, args=(door, answers))
        thread.start()
        yield int(door.getsockname()[1])
        thread.join(PATIENCE_S)


def _answer(door: socket.socket, answers: list[messages.Answer]) -> None:
    peer, _address = door.accept()
    # The reader may leave before it has asked everything.
    with peer, contextlib.suppress(ConnectionError):
        for answer in answers:
            framing.receive_header(peer, 0, within_s=PATIENCE_S)
            framing.send_frame(peer, messages.encode(answer))
