"""Whether an etcd can be used is known before a worker is started, and said without a password."""

from __future__ import annotations

import dataclasses
import pathlib
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from etcd_process import PASSWORD, USER, EtcdProcess, make_certificates, running_etcd, worker_flags

from ray_ascend.backend import etcd_access
from ray_ascend.backend.config import BackendConfig
from ray_ascend.backend.etcd_check import check_etcd
from ray_ascend.backend.etcd_keys import remove_keys
from ray_ascend.doctor.etcd import check_etcd_members
from ray_ascend.errors import BackendStartError

LOGIN = {"etcd_username": USER, "etcd_password": PASSWORD}
HELLO = {"key": "L3lyLTEtMC9r", "value": "MQ=="}
"""The key /yr-1-0/k."""
ALL = {"key": "Lw==", "range_end": "MA=="}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The files of an authority, a server and a client."""
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def open_etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdProcess]:
    """An etcd without users and without TLS."""
    with running_etcd(tmp_path_factory.mktemp("etcd")) as etcd:
        yield etcd


@pytest.fixture(scope="module")
def locked_etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdProcess]:
    """An etcd that asks for passwords."""
    with running_etcd(tmp_path_factory.mktemp("etcd")) as etcd:
        etcd.demand_passwords()
        yield etcd


@pytest.fixture(scope="module")
def tls_etcd(
    tmp_path_factory: pytest.TempPathFactory, certificates: pathlib.Path
) -> Iterator[EtcdProcess]:
    """An etcd that talks TLS only, and wants a client's certificate."""
    with running_etcd(tmp_path_factory.mktemp("etcd"), certificates) as etcd:
        yield etcd


def refusal(config: BackendConfig) -> str:
    """Give the text of the error; the password is not in it."""
    with pytest.raises(BackendStartError) as raised:
        check_etcd(config, "yr-1-0")
    assert PASSWORD not in f"{raised.value}{raised.value.reason}"
    return str(raised.value)


def etcd_mode(server: socket.socket) -> BackendConfig:
    """Settings with this server as the only member."""
    return BackendConfig(mode="etcd", etcd_address=f"127.0.0.1:{server.getsockname()[1]}")


def hang_up(server: socket.socket) -> None:
    """Take one connection and close it."""
    server.accept()[0].close()


def reset(server: socket.socket) -> None:
    """Take one connection, and end it before what it says has been read."""
    connection, _ = server.accept()
    with connection:
        connection.recv(1)


def test_an_etcd_that_says_nothing_is_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    """A member that takes a connection and does not answer is named."""
    monkeypatch.setattr(etcd_access, "PATIENCE_S", 0.1)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        config = etcd_mode(silent)
        with pytest.raises(BackendStartError, match=f"{config.etcd_address}: no answer"):
            check_etcd(config, "yr-1-0")


def test_an_etcd_that_hangs_up_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """What speaks another protocol is left to the worker."""
    monkeypatch.setattr(etcd_access, "PATIENCE_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as threads:
        accepted = threads.submit(hang_up, server)

        check_etcd(etcd_mode(server), "yr-1-0")

        assert accepted.result() is None


def test_an_open_etcd_is_used_without_a_user(open_etcd: EtcdProcess) -> None:
    """It takes everybody, and nothing is written by asking."""
    check_etcd(open_etcd.config(), "yr-1-0")

    assert "kvs" not in open_etcd.ask("kv/range", ALL).fields


def test_a_user_that_an_open_etcd_does_not_expect(open_etcd: EtcdProcess) -> None:
    """A worker would try for ever to log in where nobody logs in."""
    text = refusal(open_etcd.config(**LOGIN))

    assert "authentication is not enabled" in text
    assert "check --etcd_username and --etcd_password in YR_DS_WORKER_ARGS" in text


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        ({**LOGIN, "etcd_password": f"{PASSWORD}x"}, "invalid user ID or password"),
        ({**LOGIN, "etcd_username": "nobody"}, "invalid user ID or password"),
        ({**LOGIN, "etcd_username": "guest"}, "permission denied"),
        ({}, "user name is empty"),
    ],
)
def test_who_is_not_let_in_is_told(
    locked_etcd: EtcdProcess, flags: dict[str, str], reason: str
) -> None:
    """The error has etcd's reason, the member and the flags, and never the password."""
    text = refusal(locked_etcd.config(**flags))

    assert f"{locked_etcd.address}: etcdserver: " in text
    assert reason in text
    assert "--etcd_password in YR_DS_WORKER_ARGS" in text


def test_keys_are_removed_as_the_user(locked_etcd: EtcdProcess) -> None:
    """The right user is let in, and what its backend left goes."""
    config = locked_etcd.config(**LOGIN)
    check_etcd(config, "yr-1-0")
    assert not locked_etcd.ask("kv/put", HELLO, **LOGIN).problem

    remove_keys(config, "yr-1")

    assert "kvs" not in locked_etcd.ask("kv/range", ALL, **LOGIN).fields


def test_keys_are_removed_by_tls(tls_etcd: EtcdProcess) -> None:
    """With the workers' certificates, what a backend left goes."""
    check_etcd(tls_etcd.config(), "yr-1-0")
    assert not tls_etcd.ask("kv/put", HELLO).problem

    remove_keys(tls_etcd.config(), "yr-1")

    assert "kvs" not in tls_etcd.ask("kv/range", ALL).fields


def test_a_key_may_have_a_passphrase(tls_etcd: EtcdProcess, certificates: pathlib.Path) -> None:
    """It is in a file, with or without the end of a line; without it, the key cannot be read."""
    locked = {"etcd_key": str(certificates / "locked.key")}
    phrase = {"etcd_passphrase_path": str(certificates / "passphrase")}

    check_etcd(tls_etcd.config(**locked, **phrase), "yr-1-0")

    assert "cannot be read on this node" in refusal(tls_etcd.config(**locked))


def test_the_server_may_have_another_name(tls_etcd: EtcdProcess) -> None:
    """The certificate has to have the address, or the name that is given instead."""
    check_etcd(tls_etcd.config(etcd_target_name_override="etcd.test"), "yr-1-0")

    text = refusal(tls_etcd.config(etcd_target_name_override="other.test"))
    assert "certificate is not valid for 'other.test'" in text
    assert "--etcd_target_name_override in YR_DS_WORKER_ARGS" in text


def test_the_wrong_authority_is_told(tls_etcd: EtcdProcess, certificates: pathlib.Path) -> None:
    """An etcd whose certificate another authority made is refused, with the flag."""
    text = refusal(tls_etcd.config(etcd_ca=str(certificates / "other-ca.crt")))

    assert f"{tls_etcd.address}: its certificate is not accepted" in text
    assert "check --etcd_ca" in text


def test_the_wrong_client_is_told(tls_etcd: EtcdProcess, certificates: pathlib.Path) -> None:
    """A client's certificate that etcd does not accept is an error about TLS."""
    stranger = {"etcd_cert": "other-ca.crt", "etcd_key": "other-ca.key"}

    text = refusal(tls_etcd.config(**{k: str(certificates / v) for k, v in stranger.items()}))

    assert "--etcd_cert" in text


def test_a_file_that_is_not_there_is_named(tls_etcd: EtcdProcess) -> None:
    """The path is in the error."""
    text = refusal(tls_etcd.config(etcd_ca="/no/such/ca.crt"))

    assert "/no/such/ca.crt" in text


def test_tls_has_to_be_asked_for(tls_etcd: EtcdProcess) -> None:
    """Without the flags, an etcd that talks TLS only is an error that names them."""
    text = refusal(BackendConfig(mode="etcd", etcd_address=tls_etcd.address))

    assert "it talks TLS only" in text
    assert "check --enable_etcd_auth with --etcd_ca" in text


def test_tls_that_is_not_there(open_etcd: EtcdProcess, certificates: pathlib.Path) -> None:
    """With the flags, an etcd without TLS is an error."""
    text = refusal(open_etcd.config(**worker_flags(certificates)))

    assert f"{open_etcd.address}: TLS fails" in text


def test_a_handshake_that_is_reset(certificates: pathlib.Path) -> None:
    """Who hangs up on it was reached: TLS is what fails, not the address."""
    flags = tuple(worker_flags(certificates).items())
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as threads:
        accepted = threads.submit(reset, server)

        text = refusal(dataclasses.replace(etcd_mode(server), worker_args=flags))

        assert accepted.result() is None
    assert "TLS fails: the handshake ends: " in text
    assert "check --etcd_ca" in text


def test_the_doctor_asks_as_the_workers_would(
    tls_etcd: EtcdProcess, locked_etcd: EtcdProcess
) -> None:
    """What it finds for a member is what a start would say."""
    flags = {**LOGIN, "etcd_password": f"{PASSWORD}x"}

    (well,) = check_etcd_members(tls_etcd.config())
    (wrong,) = check_etcd_members(locked_etcd.config(**flags))

    assert (well.state, well.text) == ("ok", "reachable")
    assert wrong.state == "error"
    assert "invalid user ID or password" in wrong.text
    assert "--etcd_password" in wrong.advice
    assert PASSWORD not in f"{wrong.text}{wrong.advice}"
