"""CLI-ETCD: a worker comes to an etcd that asks for a password, or talks TLS only."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from yr_conformance.chapters.cli.clauses import MUST, clause
from yr_conformance.datasystem.cluster import cluster_in
from yr_conformance.datasystem.dscli import Outcome, dscli
from yr_conformance.datasystem.sources import MEASURED
from yr_conformance.datasystem.worker import HOST, Worker, free_ports
from yr_conformance.etcd.certificates import NAME, Certificates
from yr_conformance.etcd.guarded import GUEST, GuardedEtcd, login
from yr_conformance.etcd.server import Etcd

SHORT_TIMEOUT_S = "5"
"""For workers that wait until it is over; the others end by themselves, on a busy machine late."""
LONG_TIMEOUT_S = "45"
NOT_READY = f"Worker service is not ready within {SHORT_TIMEOUT_S} seconds"
ONE_MASTER = "--enable_distributed_master false"
"""With it a worker does not wait for an etcd that it cannot talk to."""
ETCD_FAILS = "does not meet the conditions for starting when etcd fails"


@pytest.fixture
def worker(worker_home: str) -> Iterator[Worker]:
    """A worker that has not been started; what was started ends with the test."""
    (port,) = free_ports(1)
    made = Worker(port, cluster_in(""), worker_home)
    yield made
    dscli("stop", "--worker_address", made.address)


def start(worker: Worker, address: str, flags: str, timeout_s: str = LONG_TIMEOUT_S) -> Outcome:
    """Try to start it in a cluster of its own in that etcd."""
    worker.cluster = cluster_in(address)
    worker.options = tuple(flags.split())
    return dscli("start", "-t", timeout_s, *worker.start_arguments())


@clause("CLI-ETCD-01", MUST, source=MEASURED)
def test_a_login(worker: Worker, locked: GuardedEtcd) -> None:
    """With `--etcd_username` and `--etcd_password` a worker serves, and its keys are in etcd."""
    outcome = start(worker, locked.address, login())

    assert outcome.status == 0, outcome
    assert any(worker.cluster.flags(is_head=True)[-1] in key for key in locked.everything())


@clause("CLI-ETCD-02", MUST, source=MEASURED)
@pytest.mark.parametrize(
    "flags",
    [login(password="wrong"), login(user=GUEST), "", login().rpartition(" --")[0]],  # noqa: S106
    ids=["wrong", "guest", "nobody", "half"],
)
def test_a_login_that_etcd_refuses(worker: Worker, locked: GuardedEtcd, flags: str) -> None:
    """A worker that etcd does not let in is not ready by the end of `-t`; half a login is none."""
    outcome = start(worker, locked.address, flags, SHORT_TIMEOUT_S)

    assert outcome.status == 1, outcome
    assert NOT_READY in outcome.errors


@clause("CLI-ETCD-03", MUST, source=MEASURED)
def test_a_login_that_etcd_does_not_want(worker: Worker, etcd: Etcd) -> None:
    """A worker with a login is not ready where etcd has no users."""
    outcome = start(worker, etcd.address, login(), SHORT_TIMEOUT_S)

    assert outcome.status == 1, outcome
    assert NOT_READY in outcome.errors


@clause("CLI-ETCD-04", MUST, source=MEASURED)
@pytest.mark.parametrize(
    "files",
    [{}, {"etcd_key": "locked.key", "etcd_passphrase_path": "passphrase"}],
    ids=["key", "passphrase"],
)
def test_tls(
    worker: Worker, tls: GuardedEtcd, certificates: Certificates, files: dict[str, str]
) -> None:
    """With `--enable_etcd_auth`, an authority and a client's certificate a worker serves by TLS.

    The key may have a passphrase, which is in a file.
    """
    outcome = start(worker, tls.address, certificates.flags(**files))

    assert outcome.status == 0, outcome
    assert tls.everything()


@clause("CLI-ETCD-05", MUST, source=MEASURED)
@pytest.mark.parametrize(
    ("flags", "text"),
    [
        ("--enable_etcd_auth true", "tls path is empty"),
        ("--enable_etcd_auth true --etcd_ca /no/file --etcd_cert a --etcd_key b", "/no/file"),
    ],
    ids=["empty", "missing"],
)
def test_tls_needs_its_files(worker: Worker, tls: GuardedEtcd, flags: str, text: str) -> None:
    """TLS without files, or with one that is not there, ends the worker with the reason."""
    outcome = start(worker, tls.address, flags)

    assert outcome.status == 1, outcome
    assert text in outcome.text


@clause("CLI-ETCD-06", MUST, source=MEASURED)
@pytest.mark.parametrize(
    ("files", "more"),
    [
        ({"etcd_ca": "stranger.crt"}, ""),
        ({"etcd_cert": "stranger.crt", "etcd_key": "stranger.key"}, ""),
        ({}, f" --etcd_target_name_override {NAME}"),
    ],
    ids=["authority", "client", "name"],
)
def test_tls_that_does_not_fit(
    worker: Worker,
    tls: GuardedEtcd,
    certificates: Certificates,
    files: dict[str, str],
    more: str,
) -> None:
    """Another authority, client or name than fits: a worker with one master ends at once."""
    outcome = start(worker, tls.address, f"{certificates.flags(**files)} {ONE_MASTER}{more}")

    assert outcome.status == 1, outcome
    assert ETCD_FAILS in outcome.text


@clause("CLI-ETCD-07", MUST, source=MEASURED)
def test_tls_on_one_side(
    worker: Worker, tls: GuardedEtcd, etcd: Etcd, certificates: Certificates
) -> None:
    """TLS on one side only ends a worker with one master; files alone are no TLS."""
    files = certificates.flags().removeprefix("--enable_etcd_auth true ")

    for address, flags in ((etcd.address, certificates.flags()), (tls.address, files)):
        outcome = start(worker, address, f"{flags} {ONE_MASTER}")

        assert outcome.status == 1, outcome
        assert ETCD_FAILS in outcome.text


@clause("CLI-ETCD-08", MUST, source=MEASURED)
def test_one_master_and_no_etcd(worker: Worker) -> None:
    """With `--enable_distributed_master false`, a worker without an etcd ends before `-t`."""
    outcome = start(worker, f"{HOST}:{free_ports(1)[0]}", ONE_MASTER)

    assert outcome.status == 1, outcome
    assert ETCD_FAILS in outcome.text
