"""CLI-START and CLI-STOP: what a user of dscli sees."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator

import psutil
import pytest

from yr_conformance.clauses import MUST, clause
from yr_conformance.datasystem.clients import connect
from yr_conformance.datasystem.dscli import dscli
from yr_conformance.datasystem.sources import MEASURED, SDK_SOURCE
from yr_conformance.datasystem.worker import HOST, Worker, free_ports
from yr_conformance.waiting import wait_until

SHORT_TIMEOUT_S = "5"


@pytest.fixture
def unstarted(process_mark: str) -> Iterator[Worker]:
    """A worker that the test starts itself."""
    port, metastore_port = free_ports(2)
    worker = Worker(port, metastore_port)
    yield worker
    worker.close()


@clause("CLI-START-01", MUST, source=MEASURED)
def test_start_says_so(unstarted: Worker) -> None:
    """`dscli start` exits with 0 and prints the log directory, the PID and the address."""
    outcome = dscli("start", *unstarted.start_arguments())

    match = re.search(r"Start worker service @ (\S+) success, PID: (\d+)", outcome.output)
    assert match, outcome
    unstarted.pid = int(match[2])
    assert outcome.status == 0, outcome
    assert match[1] == unstarted.address
    assert f"Log directory configured at: {unstarted.home}/datasystem/logs" in outcome.output
    assert f"Starting worker service with PID: {unstarted.pid}" in outcome.output


@clause("CLI-START-02", MUST, source=MEASURED)
def test_the_worker_is_ready_when_start_returns(unstarted: Worker) -> None:
    """When `dscli start` returns, clients can connect, and the file probe/ready is there."""
    unstarted.start()

    client = connect(unstarted.port)

    assert client.health_check().is_ok()
    assert os.path.exists(f"{unstarted.home}/datasystem/probe/ready")


@clause("CLI-START-03", MUST, source=MEASURED)
def test_the_worker_is_a_daemon(unstarted: Worker) -> None:
    """The worker runs in a session of its own and names its address on its command line."""
    unstarted.start()

    process = psutil.Process(unstarted.pid)

    assert os.getsid(unstarted.pid) == unstarted.pid
    assert any(
        argument.endswith(f"-worker_address={unstarted.address}") for argument in process.cmdline()
    )


@clause("CLI-START-04", MUST, source=MEASURED)
def test_a_taken_port_is_an_error(worker: Worker, unstarted: Worker) -> None:
    """`dscli start` on a port in use exits with 1 and shows the bind error of the worker."""
    unstarted.port = worker.port

    outcome = dscli("start", *unstarted.start_arguments())

    assert outcome.status == 1, outcome
    assert "Address already in use" in outcome.errors
    assert "Start failed: The worker service exited abnormally" in outcome.errors
    assert worker.alive


@clause("CLI-START-05", MUST, source=MEASURED)
def test_an_unknown_flag_is_an_error(unstarted: Worker) -> None:
    """`dscli start` with an unknown flag exits with 1 and names it."""
    outcome = dscli("start", *unstarted.start_arguments(), "--no_such_flag", "1")

    assert outcome.status == 1, outcome
    assert "unknown command line flag 'no_such_flag'" in outcome.text


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
def test_impossible_values_are_errors(unstarted: Worker, flag: str, value: str) -> None:
    """A value that a flag cannot take makes `dscli start` exit with 1 and is named."""
    unstarted.options = (f"--{flag}", value)

    outcome = dscli("start", *unstarted.start_arguments())

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
def test_a_home_directory_may_be_too_long(unstarted: Worker) -> None:
    """A home directory whose socket path exceeds 108 characters makes `dscli start` exit with 1."""
    shutil.rmtree(unstarted.home)
    unstarted.home += "/" + "x" * 90

    outcome = dscli("start", "-t", SHORT_TIMEOUT_S, *unstarted.start_arguments())

    shutil.rmtree(os.path.dirname(unstarted.home), ignore_errors=True)
    assert outcome.status == 1, outcome
    assert "Start failed" in outcome.errors


@clause("CLI-STOP-01", MUST, source=MEASURED)
def test_stop_ends_the_worker(unstarted: Worker) -> None:
    """`dscli stop` exits with 0, names address and PID, and the process is gone."""
    unstarted.start()

    outcome = unstarted.stop()

    assert outcome.status == 0, outcome
    expected = f"[  OK  ] Stop worker service @ {unstarted.address} normally, PID: {unstarted.pid}"
    assert expected in outcome.output
    assert not unstarted.alive
    assert not os.path.exists(f"{unstarted.home}/datasystem/probe/ready")


@clause("CLI-STOP-02", MUST, source=MEASURED)
def test_stopping_nothing_is_an_error() -> None:
    """`dscli stop` without a worker at the address exits with 1 and says so."""
    outcome = dscli("stop", "--worker_address", f"{HOST}:{free_ports(1)[0]}")

    assert outcome.status == 1, outcome
    assert "Stop failed: No matching process found" in outcome.errors


@clause("CLI-STOP-03", MUST, source=MEASURED)
def test_a_killed_worker_can_be_started_again(unstarted: Worker) -> None:
    """After a crash, the same directory and address can be used again; the data is gone."""
    unstarted.start()
    connect(unstarted.port).set("cli:lost", b"x")
    unstarted.kill()

    unstarted.start()

    assert connect(unstarted.port).exist(["cli:lost"]) == [False]


@clause("CLI-STOP-04", MUST, source=MEASURED)
def test_stop_keeps_the_logs(unstarted: Worker) -> None:
    """`dscli stop` leaves the log directory and removes the sockets."""
    unstarted.start()

    unstarted.stop()

    assert os.path.isdir(f"{unstarted.home}/datasystem/logs")
    sockets = _sockets(f"{unstarted.home}/datasystem/uds")
    wait_until(lambda: not _sockets(f"{unstarted.home}/datasystem/uds"), f"{sockets} are gone")


@clause("CLI-USAGE-01", MUST, source=MEASURED)
@pytest.mark.parametrize(
    ("arguments", "status"), [([], 0), (["nonsense"], 2), (["stop"], 2), (["start"], 2)], ids=str
)
def test_usage(arguments: list[str], status: int) -> None:
    """`dscli` alone prints its usage and exits with 0; a wrong usage exits with 2."""
    outcome = dscli(*arguments)

    assert outcome.status == status, outcome
    assert "usage" in outcome.text.lower()


def _sockets(directory: str) -> list[str]:
    return [
        os.path.join(path, name)
        for path, _directories, names in os.walk(directory)
        for name in names
        if name.endswith(".sock")
    ]
