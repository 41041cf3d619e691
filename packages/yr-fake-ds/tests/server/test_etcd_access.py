"""An etcd with users, and one with TLS: who is let in, and what a worker says that is not."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from etcd_process import EtcdProcess, access, make_certificate
from started_worker import dscli, free_port

from yr_fake_ds.membership.access import AccessError
from yr_fake_ds.membership.gateway import EtcdLostError, EtcdUnreachableError, Gateway

LOGIN = {"etcd_username": "workers", "etcd_password": "a secret=word"}
ONE_MASTER = ("--enable_distributed_master", "false")
EVERYTHING = {"key": "Lw==", "range_end": "MA=="}


class Administrator(Gateway):
    """Also makes users."""

    def do(self, call: str, body: Mapping[str, Any]) -> None:
        """Make one call of `auth/`."""
        self._call(f"auth/{call}", dict(body))


@pytest.fixture
def locked(etcd: EtcdProcess) -> EtcdProcess:
    """An etcd that asks for passwords; `workers` may write below a slash."""
    administrator = Administrator([etcd.address])
    for name in ("root", LOGIN["etcd_username"]):
        administrator.do("user/add", {"name": name, "password": LOGIN["etcd_password"]})
        administrator.do("role/add", {"name": name})
        administrator.do("user/grant", {"user": name, "role": name})
    permission = {"permType": "READWRITE", **EVERYTHING}
    administrator.do("role/grant", {"name": LOGIN["etcd_username"], "perm": permission})
    administrator.do("enable", {})
    return etcd


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of a certificate."""
    return make_certificate(str(tmp_path_factory.mktemp("certificate")))


@pytest.fixture
def tls(certificate: str) -> Iterator[EtcdProcess]:
    """An etcd that talks TLS only."""
    with tempfile.TemporaryDirectory(prefix="yre-", dir="/tmp") as home:
        process = EtcdProcess(home, (free_port(), free_port()), certificate)
        process.start()
        yield process
        process.kill()


def put(gateway: Gateway) -> str | None:
    """Store and read something."""
    gateway.put("/k", "v", gateway.grant(60))
    return gateway.get("/k")


def test_the_right_password(locked: EtcdProcess) -> None:
    """A user with the right password is let in."""
    assert put(Gateway([locked.address], access=access(**LOGIN))) == "v"


def test_etcd_forgets_who_logged_in(locked: EtcdProcess) -> None:
    """After a restart of etcd the worker logs in again."""
    gateway = Gateway([locked.address], timeout_s=30, access=access(**LOGIN))
    put(gateway)
    locked.kill()
    locked.gateway = gateway
    locked.start()

    assert put(gateway) == "v"


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        ({**LOGIN, "etcd_password": "wrong"}, "invalid user ID or password"),
        ({"etcd_username": "workers"}, "user name is empty"),
        ({}, "user name is empty"),
    ],
)
def test_who_is_not_let_in(locked: EtcdProcess, flags: dict[str, str], reason: str) -> None:
    """A wrong password, half of a login and none at all are refused in etcd's words."""
    with pytest.raises(EtcdLostError, match=reason) as raised:
        put(Gateway([locked.address], access=access(**flags)))

    assert "wrong" not in str(raised.value)


def test_tls(tls: EtcdProcess, certificate: str) -> None:
    """With the right certificate, by address or by name, a worker is let in."""
    assert put(tls.gateway) == "v"
    named = access(certificate, etcd_target_name_override="etcd.test")
    assert put(Gateway([tls.address], access=named)) == "v"


def test_no_common_language(tls: EtcdProcess, etcd: EtcdProcess, certificate: str) -> None:
    """Another name, no TLS here and no TLS there are what no patience helps against."""
    another = access(certificate, etcd_target_name_override="another.test")
    attempts = [(tls, another), (tls, access()), (etcd, access(certificate))]

    for server, way in attempts:
        with pytest.raises(EtcdUnreachableError, match=server.address):
            put(Gateway([server.address], access=way))


def test_what_cannot_be_read_is_named(certificate: str) -> None:
    """A file that is not there, or that is no certificate, is an error."""
    with pytest.raises(AccessError, match="Cannot open /no/file, errno:2"):
        access(certificate, etcd_ca="/no/file")
    with pytest.raises(AccessError, match="etcd get tls info failed"):
        access(certificate, etcd_key=certificate)


def test_a_worker_may_end_without_a_common_language(tls: EtcdProcess) -> None:
    """With one master `dscli start` fails at once, and not at the end of its time."""
    addresses = ("--worker_address", f"127.0.0.1:{free_port()}", "--etcd_address", tls.address)

    with tempfile.TemporaryDirectory(prefix="yrs-", dir="/tmp") as home:
        outcome = dscli("start", "-t", "50", "-d", home, "-w", *addresses, *ONE_MASTER)

    assert outcome.returncode == 1
    assert "does not meet the conditions for starting when etcd fails" in outcome.stderr


def test_a_worker_needs_all_files(etcd: EtcdProcess) -> None:
    """TLS without certificates fails at once."""
    addresses = ("--worker_address", f"127.0.0.1:{free_port()}", "--etcd_address", etcd.address)

    with tempfile.TemporaryDirectory(prefix="yrs-", dir="/tmp") as home:
        outcome = dscli("start", "-d", home, "-w", *addresses, "--enable_etcd_auth", "true")

    assert outcome.returncode == 1
    assert "tls path is empty" in outcome.stderr
