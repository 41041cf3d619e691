"""What an etcd of three members goes through under a backend, and what the backend makes of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from yr_conformance.etcd.members import COUNT, EtcdMembers
from yr_conformance.settings.backend import SENT, Backend, Backends
from yr_conformance.settings.variables import in_etcd_mode


@dataclass
class Ordeal:
    """For each thing that was done, whether a tensor travelled meanwhile, by the same workers."""

    unharmed: dict[str, bool] = field(default_factory=dict)
    started: dict[int, bool] = field(default_factory=dict)
    """Whether a new backend moved a tensor, while that member was away."""
    left: dict[int, list[str]] = field(default_factory=dict)
    """The keys in etcd after that backend has ended, its member still away."""


def go_through(backends: Backends, members: EtcdMembers) -> Ordeal:
    """Hurt the etcd in one way after the other; no backend runs afterwards."""
    seen = Ordeal()
    _hurt_under(
        backends.lend("three members", lambda: in_etcd_mode(members.address)), members, seen
    )
    backends.idle_driver()
    for number in range(COUNT):
        with members.without(number):
            backend = backends.lend("one away", lambda: in_etcd_mode(members.address))
            seen.started[number] = backend.received == SENT and bool(members.everything())
            backends.idle_driver()
            seen.left[number] = members.everything()
    return seen


def _hurt_under(backend: Backend, members: EtcdMembers, seen: Ordeal) -> None:
    with members.without((members.leader() + 1) % COUNT):
        seen.unharmed["member dead"] = _is_unharmed(backend)
    with members.without(members.leader()):
        seen.unharmed["leader dead"] = _is_unharmed(backend)
    members.restart()
    seen.unharmed["all restarted"] = _is_unharmed(backend)


def _is_unharmed(backend: Backend) -> bool:
    """Move one more tensor; no worker was started again meanwhile."""
    return backend.driver.ask("transfer") == SENT and backend.driver.workers() == backend.workers
