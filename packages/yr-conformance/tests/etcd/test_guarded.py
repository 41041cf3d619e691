"""An etcd with users, and one with TLS: nobody else is let in, and nothing is left."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from yr_conformance.etcd.certificates import Certificates
from yr_conformance.etcd.errors import UnavailableError
from yr_conformance.etcd.gateway import ask, keys_below
from yr_conformance.etcd.guarded import GUEST, PASSWORD, USER, GuardedEtcd
from yr_conformance.etcd.server import is_healthy


def guarded(parent: Path, certificates: Certificates | None = None) -> GuardedEtcd:
    """Start one; skipped without the program."""
    try:
        return GuardedEtcd(str(parent), certificates)
    except UnavailableError as reason:
        pytest.skip(str(reason))


def test_who_has_a_password(tmp_path: Path) -> None:
    """One user may look, another may not, and nobody without a password."""
    with contextlib.closing(guarded(tmp_path)) as etcd:
        etcd.demand_passwords()

        answers = [
            ask(etcd.address, "auth/authenticate", {"name": name, "password": PASSWORD})
            for name in (USER, GUEST)
        ]
        user, guest = (str(answer["token"]) for answer in answers)

        assert keys_below(etcd.address, "/", user) == etcd.everything() == []
        for token, reason in ((guest, "permission denied"), ("", "user name is empty")):
            with pytest.raises(AssertionError, match=reason):
                keys_below(etcd.address, "/", token)


def test_who_has_a_certificate(tmp_path: Path) -> None:
    """Only TLS is talked."""
    try:
        certificates = Certificates(str(tmp_path))
    except UnavailableError as reason:
        pytest.skip(str(reason))
    with contextlib.closing(guarded(tmp_path, certificates)) as etcd:
        assert etcd.everything() == []
        assert is_healthy(etcd.address, context=certificates.context())
        assert not is_healthy(etcd.address)


def test_nothing_is_left(tmp_path: Path) -> None:
    """What is closed leaves neither a process nor files."""
    etcd = guarded(tmp_path)

    etcd.close()

    assert not is_healthy(etcd.address)
    assert list(tmp_path.iterdir()) == []
