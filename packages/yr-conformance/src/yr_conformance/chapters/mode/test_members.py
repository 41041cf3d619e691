"""MODE-ETCD: an etcd of three members, one of which may be away at any time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from yr_conformance.chapters.mode.clauses import DESIGN, MUST, clause
from yr_conformance.etcd.members import COUNT, EtcdMembers
from yr_conformance.settings.backend import SENT, Backend, Backends
from yr_conformance.settings.variables import in_etcd_mode


@pytest.fixture(scope="module")
def members(start_members: Callable[[], EtcdMembers]) -> Iterator[EtcdMembers]:
    """An etcd of three members that nobody else uses."""
    started = start_members()
    yield started
    started.close()


@pytest.fixture
def backend(backends: Backends, members: EtcdMembers) -> Backend:
    """A backend whose workers meet in all three."""
    return backends.lend("three members", lambda: in_etcd_mode(members.address))


@pytest.fixture
def idle(backends: Backends, members: EtcdMembers) -> Iterator[Backends]:
    """No backend before, and none afterwards: it would outlive the etcd."""
    backends.idle_driver()
    yield backends
    backends.idle_driver()


def is_unharmed(backend: Backend) -> bool:
    """Move one more tensor; no worker was started again meanwhile."""
    return backend.driver.ask("transfer") == SENT and backend.driver.workers() == backend.workers


@clause("MODE-ETCD-06", MUST, source=DESIGN)
def test_a_member_dies(backend: Backend, members: EtcdMembers) -> None:
    """While a member that does not lead is dead, tensors travel on, by the same workers."""
    with members.without((members.leader() + 1) % COUNT):
        assert is_unharmed(backend)

    assert is_unharmed(backend)


@clause("MODE-ETCD-07", MUST, source=DESIGN)
def test_the_leader_dies(backend: Backend, members: EtcdMembers) -> None:
    """While the member that led is dead, tensors travel on, by the same workers."""
    with members.without(members.leader()):
        assert is_unharmed(backend)

    assert is_unharmed(backend)


@clause("MODE-ETCD-08", MUST, source=DESIGN)
def test_all_members_are_restarted(backend: Backend, members: EtcdMembers) -> None:
    """After all members died and were started again, tensors travel on, by the same workers."""
    members.restart()

    assert is_unharmed(backend)


@clause("MODE-ETCD-09", MUST, source=DESIGN)
@pytest.mark.parametrize("number", range(COUNT))
def test_a_backend_with_one_member_away(idle: Backends, members: EtcdMembers, number: int) -> None:
    """A backend starts while any one of three members is dead, and leaves no key when it ends."""
    with members.without(number):
        backend = idle.lend("one away", lambda: in_etcd_mode(members.address))
        assert backend.received == SENT
        assert members.everything()

        idle.idle_driver()

        assert members.everything() == []
