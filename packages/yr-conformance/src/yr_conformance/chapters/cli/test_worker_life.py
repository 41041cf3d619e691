"""CLI-START and CLI-STOP: what dscli says and does when it starts and stops a worker."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from yr_conformance.chapters.cli.clauses import MUST, clause
from yr_conformance.chapters.cli.worker_life import WorkerLife, live
from yr_conformance.datasystem.cluster import Cluster
from yr_conformance.datasystem.sources import MEASURED
from yr_conformance.datasystem.worker import head_worker, new_home


@pytest.fixture(scope="module")
def life(
    process_mark: str, process_home: str, new_cluster: Callable[[], Cluster]
) -> Iterator[WorkerLife]:
    """One life of a worker, over when the first clause looks at it."""
    worker = head_worker(new_cluster(), new_home(process_home))
    yield live(worker, new_cluster, process_home)
    worker.discard()


@clause("CLI-START-01", MUST, source=MEASURED)
def test_start_says_so(life: WorkerLife) -> None:
    """`dscli start` exits with 0 and prints the log directory, the PID and the address."""
    outcome, worker = life.started, life.worker

    assert outcome.status == 0, outcome
    for line in (
        f"Log directory configured at: {worker.home}/datasystem/logs",
        f"Starting worker service with PID: {life.first_sight.pid}",
        f"[  OK  ] Start worker service @ {worker.address} success, PID: {life.first_sight.pid}",
    ):
        assert f"[INFO] {line}" in outcome.output, outcome


@clause("CLI-START-02", MUST, source=MEASURED)
def test_the_worker_is_ready_when_start_returns(life: WorkerLife) -> None:
    """When `dscli start` returns, clients can connect, and the file probe/ready is there."""
    assert (life.first_sight.healthy, life.first_sight.ready) == (True, True)


@clause("CLI-START-03", MUST, source=MEASURED)
def test_the_worker_is_a_daemon(life: WorkerLife) -> None:
    """The worker runs in a session of its own and names its address on its command line."""
    expected = f"-worker_address={life.worker.address}"

    assert life.first_sight.session == life.first_sight.pid
    assert any(one.endswith(expected) for one in life.first_sight.command_line), (
        life.first_sight.command_line
    )


@clause("CLI-START-04", MUST, source=MEASURED)
def test_a_taken_port_is_an_error(life: WorkerLife) -> None:
    """`dscli start` on a port in use exits with 1, shows the bind error, and harms nobody."""
    outcome = life.rivals.on_its_port

    assert outcome.status == 1, outcome
    assert "Worker exited with code" in outcome.errors
    assert "Address already in use" in outcome.errors
    assert "[ERROR] Start failed: The worker service exited abnormally" in outcome.errors
    assert life.rivals.survived


@clause("CLI-START-11", MUST, source=MEASURED)
def test_a_home_has_one_worker(life: WorkerLife) -> None:
    """`dscli start` with the directory of a running worker exits with 1, naming its lock."""
    outcome = life.rivals.in_its_home

    assert outcome.status == 1, outcome
    assert re.search("While lock file: .*LOCK: Resource temporarily unavailable", outcome.errors)


@clause("CLI-START-12", MUST, source=MEASURED)
def test_the_head_listens_where_it_must(life: WorkerLife) -> None:
    """The head listens on its own port and on that of a metastore, if it has one, and no other."""
    assert life.first_sight.ports == {life.worker.port, *life.worker.cluster.head_ports}


@clause("CLI-STOP-01", MUST, source=MEASURED)
def test_stop_ends_the_worker(life: WorkerLife) -> None:
    """`dscli stop` exits with 0, names address and PID, and the process is gone."""
    outcome, worker = life.stopped, life.worker

    expected = f"[  OK  ] Stop worker service @ {worker.address} normally, PID: {worker.pid}"
    assert outcome.status == 0, outcome
    assert f"[INFO] {expected}" in outcome.output, outcome
    assert not life.alive_at_last


@clause("CLI-STOP-02", MUST, source=MEASURED)
def test_stopping_twice_is_an_error(life: WorkerLife) -> None:
    """`dscli stop` of a worker that was stopped exits with 1 and says that there is none."""
    outcome = life.stopped_twice

    assert outcome.status == 1, outcome
    assert "[ERROR] Stop failed: No matching process found for" in outcome.errors


@clause("CLI-STOP-03", MUST, source=MEASURED)
def test_a_killed_worker_can_be_started_again(life: WorkerLife) -> None:
    """After a crash, the same directory and address can be used again; the data is gone."""
    assert life.started_again.status == 0, life.started_again
    assert life.worker.pid != life.first_sight.pid
    assert life.kept == [False]


@clause("CLI-STOP-04", MUST, source=MEASURED)
def test_stop_keeps_the_logs(life: WorkerLife) -> None:
    """`dscli stop` leaves the log directory as it is."""
    assert "datasystem_worker.INFO.log" in life.logs
