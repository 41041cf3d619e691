"""MODE-VAR and MODE-LIVE: what a driver sets is what the worker of every node is started with."""

from __future__ import annotations

from collections.abc import Callable

import psutil
import pytest

from yr_conformance.chapters.mode.clauses import DESIGN, GUIDE, MUST, clause
from yr_conformance.settings.backend import SENT, Backend, Backends
from yr_conformance.settings.ray_nodes import OF_NODES
from yr_conformance.settings.variables import (
    ETCD_ADDRESS,
    GRACE,
    MEMORY_MB,
    METASTORE_PORT,
    MODE,
    WORKER_ARGS,
    WORKER_ENV,
    WORKER_PORT,
    Variables,
)

QUOTED = "--yuanrong_iam_url 'a  b' --obs_bucket=\"c d\"\\ e --client_dead_timeout_s=7"
QUOTED_ENV = "YR_CONFORMANCE_SAID='a  b=c' YR_CONFORMANCE_EMPTY="
OTHERS = {WORKER_ENV: QUOTED_ENV, GRACE: 1}
RECLAIMED_S = 15.0


@pytest.fixture
def backend(backends: Backends, variables: Callable[..., Variables]) -> Backend:
    """A backend in the mode of the run, with every variable set."""
    return backends.lend("every variable", lambda: {**variables(QUOTED), **OTHERS})


@clause("MODE-VAR-01", MUST, source=GUIDE)
def test_the_variables_of_nodes_and_actors_do_not_count(backend: Backend) -> None:
    """Only the driver's variables count: those of nodes and actors may be unusable."""
    assert backend.driver.ask("environment_of_actors", list(OF_NODES)) == [OF_NODES, OF_NODES]
    assert backend.received == SENT
    assert len(backend.workers) == len(backend.driver.hosts)


@clause("MODE-VAR-02", MUST, source=GUIDE)
def test_the_port_of_the_workers(backend: Backend) -> None:
    """The worker of every node listens on YR_DS_WORKER_PORT, at the node's own address."""
    addresses = [f"{host}:{backend.asked[WORKER_PORT]}" for host in backend.driver.hosts]

    assert [worker.address for worker in backend.workers] == addresses
    for worker in backend.workers:
        assert worker.address in worker.listens


@clause("MODE-VAR-03", MUST, source=GUIDE)
def test_where_the_workers_meet(backend: Backend) -> None:
    """All workers meet at YR_DS_METASTORE_PORT of the first node, or in YR_DS_ETCD_ADDRESS."""
    head, other = backend.workers
    first_port = backend.asked[WORKER_PORT]
    ports = {int(address.rpartition(":")[2]) for address in head.listens} - {first_port}

    if backend.asked[MODE] == "metastore":
        address = f"{head.host}:{backend.asked[METASTORE_PORT]}"
        assert ports == {backend.asked[METASTORE_PORT]}
        assert [worker.flags["metastore_address"] for worker in (head, other)] == [address] * 2
    else:
        address = backend.asked[ETCD_ADDRESS]
        assert ports == set()
        assert [worker.flags["etcd_address"] for worker in (head, other)] == [address] * 2


@clause("MODE-VAR-04", MUST, source=GUIDE)
def test_arguments_are_quoted_as_in_a_shell(backend: Backend) -> None:
    """YR_DS_WORKER_ARGS is split as a shell does, and reaches the worker of every node."""
    for worker in backend.workers:
        assert worker.flags["yuanrong_iam_url"] == "a  b"
        assert worker.flags["obs_bucket"] == "c d e"
        assert worker.flags["shared_memory_size_mb"] == str(MEMORY_MB)


@clause("MODE-VAR-05", MUST, source="design: the user's value of a flag wins over ours")
def test_the_users_flag_wins(backend: Backend) -> None:
    """A flag that the transport sets too is given once, with the user's value."""
    for start in backend.attempt.starts:
        assert start.arguments.count("--client_dead_timeout_s") == 1

    assert [worker.flags["client_dead_timeout_s"] for worker in backend.workers] == ["7", "7"]


@clause("MODE-VAR-06", MUST, source=GUIDE)
def test_the_memory_of_the_workers(backend: Backend) -> None:
    """`--shared_memory_size_mb` is how much the worker of each node can take."""
    for worker in backend.workers:
        assert backend.driver.ask("fits", worker.address, MEMORY_MB * 3 // 4)
        assert not backend.driver.ask("fits", worker.address, MEMORY_MB * 5 // 4)


@clause("MODE-VAR-07", MUST, source="design: keys of a dead actor go after the driver's time")
def test_the_grace_of_dead_actors(backend: Backend) -> None:
    """What a dead actor stored goes after the driver's RAY_ASCEND_DEAD_ACTOR_GRACE_S."""
    address = backend.workers[-1].address

    assert backend.driver.ask("key_outlives_its_actor_s", address, RECLAIMED_S) < RECLAIMED_S


@clause("MODE-VAR-08", MUST, source="design: what RDMA and UCX read can be said in the driver")
def test_the_environment_of_the_workers(backend: Backend) -> None:
    """YR_DS_WORKER_ENV is in the environment of every worker, and in no command line."""
    for worker in backend.workers:
        environment = psutil.Process(worker.pid).environ()
        assert environment["YR_CONFORMANCE_SAID"] == "a  b=c"
        assert environment["YR_CONFORMANCE_EMPTY"] == ""
    for process in psutil.process_iter(["cmdline"]):
        assert "YR_CONFORMANCE_SAID" not in " ".join(process.info["cmdline"] or [])


@clause("MODE-LIVE-01", MUST, source=DESIGN)
def test_the_same_settings_again(backend: Backend) -> None:
    """To register again with the same settings, however written, says and starts nothing."""
    again = backend.driver.register({**backend.asked, MODE: f" {backend.asked[MODE].upper()} "})

    again.check_started()
    assert not again.warnings
    assert not again.starts


@clause("MODE-LIVE-02", MUST, source=DESIGN)
def test_other_settings_on_a_live_backend(backend: Backend) -> None:
    """Other settings are a warning that names each variable with both values; no worker changes."""
    port = backend.asked[WORKER_PORT]
    other = {WORKER_PORT: port + 1, WORKER_ARGS: "--shared_memory_size_mb 64", GRACE: 2}
    other |= {WORKER_ENV: "UCX_TLS=tcp"}

    again = backend.driver.register({**backend.asked, **other})

    again.check_started()
    (warning,) = again.warnings
    assert "stay in force" in warning
    assert "cleanup_yr_resources()" in warning
    assert f"{WORKER_PORT} is '{port}' there and '{port + 1}' here" in warning
    assert f"--shared_memory_size_mb {MEMORY_MB}" in warning
    assert "'--shared_memory_size_mb 64' here" in warning
    assert f"{GRACE} is" in warning
    assert f"{WORKER_ENV} is" in warning
    assert "'UCX_TLS=tcp' here" in warning
    assert METASTORE_PORT not in warning
    assert backend.driver.workers() == backend.workers


@clause("MODE-LIVE-03", MUST, source=DESIGN)
def test_the_other_mode_on_a_live_backend(backend: Backend) -> None:
    """To ask a live backend for the other mode is a warning that names both."""
    modes = {"metastore": "etcd", "etcd": "metastore"}
    here, there = modes[backend.asked[MODE]], backend.asked[MODE]

    again = backend.driver.register({ETCD_ADDRESS: "127.0.0.1:1", **backend.asked, MODE: here})

    again.check_started()
    assert f"{MODE} is '{there}' there and '{here}' here" in again.warnings[0]
    assert backend.driver.workers() == backend.workers


@clause("MODE-LIVE-04", MUST, source=DESIGN)
def test_a_bad_value_on_a_live_backend(backend: Backend) -> None:
    """A bad value is refused while a backend runs, too, and the backend goes on."""
    refused = backend.driver.register({**backend.asked, WORKER_PORT: "wrong"})

    refused.check_refused("ConfigurationError", f"{WORKER_PORT}='wrong'")
    assert backend.driver.workers() == backend.workers
    assert backend.driver.ask("transfer") == SENT
