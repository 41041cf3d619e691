"""CLI-START, CLI-STOP and CLI-USAGE: what dscli refuses, with which words and exit status."""

from __future__ import annotations

import os

import pytest

from yr_conformance.chapters.cli.clauses import MUST, clause
from yr_conformance.datasystem.cluster import MetastoreCluster, cluster_in
from yr_conformance.datasystem.dscli import Outcome, dscli
from yr_conformance.datasystem.sources import MEASURED, SDK_SOURCE
from yr_conformance.datasystem.worker import HOST, Worker, free_ports, head_worker

SHORT_TIMEOUT_S = "5"
"""For workers that wait until it is over; the others end by themselves, on a busy machine late."""
LONG_TIMEOUT_S = "45"


def start(home: str, *options: str, timeout_s: str = LONG_TIMEOUT_S) -> Outcome:
    """Try to start a worker that cannot start."""
    cluster = MetastoreCluster(HOST, *free_ports(1))
    arguments = head_worker(cluster, home, *options).start_arguments()
    return dscli("start", "-t", timeout_s, *arguments)


@clause("CLI-START-05", MUST, source=MEASURED)
def test_an_unknown_flag_is_an_error(worker_home: str) -> None:
    """`dscli start` with an unknown flag exits with 1 and names it."""
    outcome = start(worker_home, "--no_such_flag", "1")

    assert outcome.status == 1, outcome
    assert "unknown command line flag 'no_such_flag'" in outcome.text
    assert "[ERROR] Start failed: The worker service exited abnormally" in outcome.errors


@clause("CLI-START-06", MUST, source=MEASURED)
def test_metadata_must_be_somewhere() -> None:
    """`dscli start` with neither etcd nor metastore exits with 1 and says what is missing."""
    outcome = dscli("start", "-w", "--worker_address", f"{HOST}:{free_ports(1)[0]}")

    assert outcome.status == 1, outcome
    assert "either etcd_address or metastore_address must be specified" in outcome.errors


@clause("CLI-START-07", MUST, source=SDK_SOURCE)
@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["foo"], "No parameter name specified: foo"),
        (["--x"], "Param x is missing a value"),
        (["--a=b"], "Param a=b is missing a value"),
        (["--a", "--b", "c"], "Param a is missing a value"),
    ],
    ids=["name", "value", "equals", "two-names"],
)
def test_worker_arguments_are_pairs(arguments: list[str], text: str) -> None:
    """Behind `-w` only `--flag value` pairs are taken; all else exits with 1."""
    outcome = dscli("start", "-w", *arguments)

    assert outcome.status == 1, outcome
    assert f"Start failed: {text}" in outcome.errors


@clause("CLI-START-08", MUST, source=MEASURED)
@pytest.mark.parametrize(
    ("flag", "value"),
    [("shared_memory_size_mb", "abc"), ("shared_memory_size_mb", "0"), ("enable_thp", "maybe")],
)
def test_impossible_values_are_errors(worker_home: str, flag: str, value: str) -> None:
    """A value that a flag cannot take makes `dscli start` exit with 1 and is named."""
    outcome = start(worker_home, f"--{flag}", value)

    assert outcome.status == 1, outcome
    assert f"illegal value '{value}'" in outcome.text
    assert flag in outcome.text


@clause("CLI-START-09", MUST, source=MEASURED)
def test_a_forbidden_directory_is_an_error() -> None:
    """`dscli start -d` under /etc exits with 1."""
    outcome = dscli("start", "-d", "/etc/dsx", "-w", "--metastore_address", f"{HOST}:1")

    assert outcome.status == 1, outcome
    assert "Path /etc/dsx is outside allowed directory" in outcome.errors


@clause("CLI-START-10", MUST, source=MEASURED)
def test_a_home_directory_may_be_too_long(worker_home: str) -> None:
    """A home directory whose socket path exceeds 108 characters makes `dscli start` exit with 1."""
    home = os.path.join(worker_home, "x" * 90)
    os.mkdir(home)

    outcome = start(home, timeout_s=SHORT_TIMEOUT_S)

    assert outcome.status == 1, outcome
    assert "Start failed" in outcome.errors


@clause("CLI-START-13", MUST, source=MEASURED)
def test_an_unreachable_metastore_is_an_error(worker_home: str) -> None:
    """Joining a metastore where nobody listens exits with 1 when the time of `-t` is over."""
    port, metastore_port = free_ports(2)
    worker = Worker(port, MetastoreCluster(HOST, metastore_port), worker_home, head=False)

    outcome = dscli("start", "-t", SHORT_TIMEOUT_S, *worker.start_arguments())

    assert outcome.status == 1, outcome
    assert f"Worker service is not ready within {SHORT_TIMEOUT_S} seconds" in outcome.errors


@clause("CLI-START-14", MUST, source=MEASURED)
def test_an_unreachable_etcd_is_an_error(worker_home: str) -> None:
    """A worker whose etcd does not answer makes `dscli start` exit with 1 at the end of `-t`."""
    port, etcd_port = free_ports(2)
    worker = Worker(port, cluster_in(f"{HOST}:{etcd_port}"), worker_home)

    outcome = dscli("start", "-t", SHORT_TIMEOUT_S, *worker.start_arguments())

    assert outcome.status == 1, outcome
    assert f"Worker service is not ready within {SHORT_TIMEOUT_S} seconds" in outcome.errors


@clause("CLI-STOP-05", MUST, source=MEASURED)
def test_stop_needs_an_address(worker_home: str) -> None:
    """`dscli stop` with an address that has no port exits with 1 and says so."""
    outcome = dscli("stop", "--worker_address", "nowhere")

    assert outcome.status == 1, outcome
    assert "[ERROR] Stop failed: Invalid address" in outcome.errors


@clause("CLI-USAGE-01", MUST, source=MEASURED)
@pytest.mark.parametrize(
    ("arguments", "status"), [([], 0), (["nonsense"], 2), (["stop"], 2), (["start"], 2)], ids=str
)
def test_usage(arguments: list[str], status: int) -> None:
    """`dscli` alone prints its usage and exits with 0; a wrong usage exits with 2."""
    outcome = dscli(*arguments)

    assert outcome.status == status, outcome
    assert "usage" in outcome.text.lower()
