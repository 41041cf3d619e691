"""MODE-AUTH and MODE-TLS: an etcd that asks for a password, or talks TLS only."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psutil
import pytest

from yr_conformance.chapters.mode.clauses import DESIGN, MUST, clause
from yr_conformance.etcd.certificates import NAME, Certificates
from yr_conformance.etcd.guarded import GUEST, PASSWORD, GuardedEtcd, login
from yr_conformance.settings.backend import SENT, Backends
from yr_conformance.settings.driver_process import DriverProcess
from yr_conformance.settings.variables import WORKER_ARGS, Variables, in_etcd_mode

SOON_S = 15.0
"""Far less than the 60 s for which a worker would try to get in."""
WRONG = "known-to-nobody"


@pytest.fixture(scope="module")
def locked_tls(
    start_guarded: Callable[..., GuardedEtcd], certificates: Certificates
) -> GuardedEtcd:
    """An etcd that asks for passwords by TLS, with a certificate of a name only."""
    etcd = start_guarded(certificates, "named")
    etcd.demand_passwords()
    return etcd


@pytest.fixture
def idle(backends: Backends) -> Iterator[Backends]:
    """No backend before, and none afterwards: it would outlive the etcd."""
    backends.idle_driver()
    yield backends
    backends.idle_driver()


def works_and_leaves_nothing(idle: Backends, etcd: GuardedEtcd, arguments: str) -> None:
    """Assert that a tensor travels, and that etcd is empty when the backend has ended."""
    backend = idle.lend("guarded", lambda: in_etcd_mode(etcd.address, arguments))
    assert backend.received == SENT
    assert etcd.everything()

    idle.idle_driver()

    assert etcd.everything() == []


def check_refused(driver: DriverProcess, asked: Variables, *hints: str) -> None:
    """Assert an error in time, before any worker is started, without a password."""
    refused = driver.register(asked)

    refused.check_refused("BackendStartError", WORKER_ARGS, *hints)
    assert not refused.starts
    assert PASSWORD not in refused.text
    assert WRONG not in refused.text
    assert refused.took.keeps(SOON_S)


@clause("MODE-AUTH-01", MUST, source=DESIGN)
def test_a_password(idle: Backends, locked: GuardedEtcd) -> None:
    """With `--etcd_username` and `--etcd_password` a tensor travels, and no key is left."""
    works_and_leaves_nothing(idle, locked, login())


@clause("MODE-AUTH-02", MUST, source="measured on openyuanrong-datasystem 0.8.1: no reason given")
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (login(password=WRONG), "invalid user ID or password"),
        (login(user="nobody"), "invalid user ID or password"),
        (login(user=GUEST), "permission denied"),
        ("", "user name is empty"),
    ],
)
def test_a_wrong_password(
    driver: DriverProcess, locked: GuardedEtcd, arguments: str, reason: str
) -> None:
    """A wrong password, or none, is an error in seconds with etcd's reason, and no password."""
    asked = in_etcd_mode(locked.address, arguments)

    check_refused(driver, asked, locked.address, reason, "--etcd_username", "--etcd_password")


@clause("MODE-AUTH-03", MUST, source=DESIGN)
def test_a_password_is_not_shown(idle: Backends, locked: GuardedEtcd) -> None:
    """A warning about other settings hides passwords; only the worker itself is started with it."""
    asked = in_etcd_mode(locked.address, login())
    backend = idle.lend("guarded", lambda: asked)
    other = in_etcd_mode(locked.address, login(password=WRONG))

    (warning,) = backend.driver.register({**asked, WORKER_ARGS: other[WORKER_ARGS]}).warnings

    assert WORKER_ARGS in warning
    assert PASSWORD not in warning
    assert WRONG not in warning
    workers = {worker.pid for worker in backend.workers}
    seen = psutil.process_iter(["pid", "cmdline"])
    telling = {one.pid for one in seen if PASSWORD in " ".join(one.info["cmdline"] or [])}
    assert telling <= workers


@clause("MODE-TLS-01", MUST, source=DESIGN)
def test_tls(idle: Backends, tls: GuardedEtcd, certificates: Certificates) -> None:
    """With `--enable_etcd_auth` and its files a tensor travels by TLS, and no key is left."""
    works_and_leaves_nothing(idle, tls, certificates.flags())


@clause("MODE-TLS-02", MUST, source="measured on openyuanrong-datasystem 0.8.1")
def test_tls_and_a_password(
    idle: Backends, locked_tls: GuardedEtcd, certificates: Certificates
) -> None:
    """TLS, a password, a passphrase and a server of another name go together."""
    files = certificates.flags(etcd_key="locked.key", etcd_passphrase_path="passphrase")  # noqa: S106
    name = f"--etcd_target_name_override {NAME}"

    works_and_leaves_nothing(idle, locked_tls, f"{files} {name} {login()}")


@clause("MODE-TLS-03", MUST, source=DESIGN)
@pytest.mark.parametrize(
    ("files", "more", "flag"),
    [
        ({"etcd_ca": "stranger.crt"}, "", "--etcd_ca"),
        ({"etcd_cert": "stranger.crt", "etcd_key": "stranger.key"}, "", "--etcd_cert"),
        ({}, f"--etcd_target_name_override {NAME}", "--etcd_target_name_override"),
    ],
    ids=["authority", "client", "name"],
)
def test_tls_that_does_not_fit(
    driver: DriverProcess,
    tls: GuardedEtcd,
    certificates: Certificates,
    files: dict[str, str],
    more: str,
    flag: str,
) -> None:
    """A wrong authority, client or name is an error in seconds that names the flag."""
    asked = in_etcd_mode(tls.address, f"{certificates.flags(**files)} {more}")

    check_refused(driver, asked, tls.address, flag)


@clause("MODE-TLS-04", MUST, source=DESIGN)
def test_tls_that_nobody_asked_for(driver: DriverProcess, tls: GuardedEtcd) -> None:
    """Without the flags, an etcd that talks TLS only is an error that names them."""
    check_refused(driver, in_etcd_mode(tls.address), tls.address, "TLS only", "--enable_etcd_auth")


@clause("MODE-AUTH-04", MUST, source="measured on openyuanrong-datasystem 0.8.1: ignored, or fatal")
@pytest.mark.parametrize(
    ("arguments", "flag"),
    [
        (f"--etcd_password {PASSWORD}", "--etcd_username has no value"),
        ("--etcd_username me", "--etcd_password has no value"),
        ("--enable_etcd_auth true --etcd_ca /a", "--etcd_cert, --etcd_key has no value"),
    ],
    ids=["password", "user", "tls"],
)
def test_half_of_a_login(driver: DriverProcess, arguments: str, flag: str) -> None:
    """A user without a password, and TLS without its files, are a ConfigurationError at once."""
    refused = driver.register(in_etcd_mode("127.0.0.1:1", arguments))

    refused.check_refused("ConfigurationError", WORKER_ARGS, flag)
    assert PASSWORD not in refused.text
    assert not refused.starts
