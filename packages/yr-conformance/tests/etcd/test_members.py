"""An etcd of three members: one may be away, and what was stored stays."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from yr_conformance.etcd.errors import UnavailableError
from yr_conformance.etcd.gateway import ask, encoded
from yr_conformance.etcd.members import COUNT, EtcdMembers
from yr_conformance.etcd.server import is_healthy, wait_until_healthy


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdMembers]:
    """Three members; skipped without the program."""
    try:
        made = EtcdMembers(str(tmp_path_factory.mktemp("members")))
    except UnavailableError as reason:
        pytest.skip(str(reason))
    with contextlib.closing(made):
        yield made


def put(address: str, key: str) -> None:
    """Store something."""
    ask(address, "kv/put", {"key": encoded(key), "value": encoded("1")})


def test_the_leader_may_be_away(members: EtcdMembers) -> None:
    """Without the member that led, another one soon leads, and can be written to."""
    leader = members.leader()

    with members.without(leader):
        rest = [number for number in range(COUNT) if number != leader]
        wait_until_healthy(members.addresses[rest[0]], lambda: True)
        put(members.addresses[rest[0]], "/led")

        assert not is_healthy(members.addresses[leader])
        assert members.leader() in rest

    assert all(is_healthy(address) for address in members.addresses)


def test_keys_survive_a_restart_of_all(members: EtcdMembers) -> None:
    """After all members were killed at once, what was stored is there."""
    put(members.addresses[0], "/kept")

    members.restart()

    assert "/kept" in members.everything()


def test_nothing_is_left(tmp_path: Path) -> None:
    """What is closed leaves neither processes nor files."""
    try:
        made = EtcdMembers(str(tmp_path))
    except UnavailableError as reason:
        pytest.skip(str(reason))

    made.close()

    assert not any(is_healthy(address) for address in made.addresses)
    assert list(tmp_path.iterdir()) == []
