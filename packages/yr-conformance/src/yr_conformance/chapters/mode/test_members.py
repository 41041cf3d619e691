"""MODE-ETCD: an etcd of three members, one of which may be away at any time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest

from yr_conformance.chapters.mode.clauses import DESIGN, MUST, clause
from yr_conformance.chapters.mode.members_ordeal import Ordeal, go_through
from yr_conformance.etcd.members import COUNT, EtcdMembers
from yr_conformance.settings.backend import Backends


@pytest.fixture(scope="module")
def ordeal(backends: Backends, start_members: Callable[[], EtcdMembers]) -> Ordeal:
    """What a backend made of all that was done to an etcd of its own, which has ended."""
    backends.idle_driver()
    with contextlib.closing(start_members()) as members:
        try:
            return go_through(backends, members)
        finally:
            backends.idle_driver()


@clause("MODE-ETCD-06", MUST, source=DESIGN)
def test_a_member_dies(ordeal: Ordeal) -> None:
    """While a member that does not lead is dead, tensors travel on, by the same workers."""
    assert ordeal.unharmed["member dead"]


@clause("MODE-ETCD-07", MUST, source=DESIGN)
def test_the_leader_dies(ordeal: Ordeal) -> None:
    """While the member that led is dead, tensors travel on, by the same workers."""
    assert ordeal.unharmed["leader dead"]


@clause("MODE-ETCD-08", MUST, source=DESIGN)
def test_all_members_are_restarted(ordeal: Ordeal) -> None:
    """After all members died and were started again, tensors travel on, by the same workers."""
    assert ordeal.unharmed["all restarted"]


@clause("MODE-ETCD-09", MUST, source=DESIGN)
def test_a_backend_with_one_member_away(ordeal: Ordeal) -> None:
    """A backend starts while any one of three members is dead, and leaves no key when it ends."""
    assert ordeal.started == dict.fromkeys(range(COUNT), True)
    assert set(ordeal.left) == set(range(COUNT))
    assert not any(ordeal.left.values()), ordeal.left
