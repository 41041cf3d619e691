"""Clients: places, goodbyes, and what becomes of those that vanish."""

from __future__ import annotations

from queue import Empty, SimpleQueue

import pytest

from yr_fake_ds.daemon.clients import Clients
from yr_fake_ds.refusal import RefusedError

PATIENCE_S = 20


class Registered:
    """Clients that notes whom it forgot."""

    def __init__(self, limit: int = 2, dead_timeout_s: float = 600) -> None:
        self.forgotten: SimpleQueue[str] = SimpleQueue()
        self.clients = Clients(limit, dead_timeout_s, self.forgotten.put)


def test_places_are_limited_and_come_back() -> None:
    """One client too many is refused; a place is free again after a goodbye."""
    clients = Registered(limit=1).clients
    ticket = clients.register("a")
    with pytest.raises(RefusedError, match="Runtime error"):
        clients.register("b")

    clients.leave("a", ticket)
    clients.register("b")

    assert clients.ids() == ["b"]


def test_a_goodbye_is_final() -> None:
    """A client that said goodbye is forgotten at once, and only once."""
    registered = Registered()
    ticket = registered.clients.register("a")

    registered.clients.leave("a", ticket)
    registered.clients.vanish("a", ticket)
    registered.clients.leave("a", ticket)

    assert registered.forgotten.get_nowait() == "a"
    assert registered.forgotten.empty()
    assert not registered.clients.remembers("a")


def test_a_vanished_client_is_forgotten_after_the_dead_timeout() -> None:
    """It keeps what it has for a while, but not its place."""
    registered = Registered(dead_timeout_s=0.05)
    ticket = registered.clients.register("a")

    registered.clients.vanish("a", ticket)

    assert registered.clients.ids() == []
    assert registered.forgotten.get(timeout=PATIENCE_S) == "a"
    assert not registered.clients.remembers("a")


def test_a_client_may_come_back() -> None:
    """Who registers again within the dead timeout is not forgotten."""
    registered = Registered(dead_timeout_s=0.05)
    clients = registered.clients
    clients.vanish("a", clients.register("a"))
    assert clients.remembers("a")
    clients.register("a")

    clients.vanish("b", clients.register("b"))

    assert registered.forgotten.get(timeout=PATIENCE_S) == "b"
    assert clients.ids() == ["a"]
    with pytest.raises(Empty):
        registered.forgotten.get_nowait()


def test_the_late_end_of_an_earlier_registration_counts_for_nothing() -> None:
    """Only the newest registration of a client can end it."""
    registered = Registered()
    first = registered.clients.register("a")
    registered.clients.register("a")

    registered.clients.leave("a", first)
    registered.clients.vanish("a", first)

    assert registered.clients.ids() == ["a"]
    assert registered.forgotten.empty()
