"""MODE-PORT and MODE-ARGS: starts that fail say why, leave nothing, and the next one works."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from yr_conformance.chapters.mode.clauses import DESIGN, GUIDE, MUST, clause
from yr_conformance.settings.attempt import Attempt
from yr_conformance.settings.backend import SENT, Backend, Backends
from yr_conformance.settings.driver_process import DriverProcess, driver_at
from yr_conformance.settings.variables import (
    METASTORE_PORT,
    WORKER_ARGS,
    WORKER_PORT,
    Variables,
    in_metastore_mode,
)

NPUS = "6001,6000"
"""Numbers that no machine gives to its NPUs."""
LIMIT_S = 30.0
"""A start that cannot succeed ends long before `dscli` would give up, after 60 s."""


@pytest.fixture(scope="module")
def other_backend(backends: Backends, process_home: str) -> Iterator[Variables]:
    """Another Ray cluster's backend on the driver's own host; gives its variables."""
    with driver_at(backends.idle_driver().hosts[:1], process_home) as other:
        asked = in_metastore_mode()
        other.register(asked).check_started()
        yield asked


@dataclass(frozen=True)
class TakenPorts:
    """A start at ports that others have: the worker's a socket, the metastore's a backend."""

    host: str
    asked: Variables
    refused: Attempt


@pytest.fixture(scope="module")
def taken_ports(backends: Backends, other_backend: Variables) -> TakenPorts:
    """Nothing runs in the driver before, and nothing may run afterwards."""
    driver = backends.idle_driver()
    asked = {**in_metastore_mode(), METASTORE_PORT: other_backend[METASTORE_PORT]}
    with socket.create_server((driver.hosts[0], asked[WORKER_PORT])):
        return TakenPorts(driver.hosts[0], asked, driver.register(asked))


@pytest.fixture(scope="module")
def npu_start(
    backends: Backends, process_home: str, variables: Callable[..., Variables]
) -> Attempt:
    """A start with NPUs that there are not, and a log in a directory that lives on."""
    logs = tempfile.mkdtemp(prefix="logs-", dir=process_home)
    arguments = f"--remote_h2d_device_ids={NPUS} --log_dir {logs}"
    return backends.idle_driver().register(variables(arguments))


@pytest.fixture
def second_try(
    backends: Backends, other_backend: Variables, variables: Callable[..., Variables]
) -> Backend:
    """A backend beside another one of this host, after a start with a wrong flag."""

    def after_a_failure() -> Variables:
        asked = variables()
        wrong = {**asked, WORKER_ARGS: "--no_such_flag 1"}
        backends.idle_driver().register(wrong).check_refused("BackendStartError")
        return asked

    return backends.lend("second try", after_a_failure)


@clause("MODE-PORT-01", MUST, source="measured on openyuanrong-datasystem 0.8.1: not detected")
def test_two_backends_with_one_metastore_port(taken_ports: TakenPorts) -> None:
    """A metastore's port that another backend has is an error that names it and its variable."""
    taken_ports.refused.check_refused(
        "BackendStartError",
        f"port {taken_ports.asked[METASTORE_PORT]} on {taken_ports.host} cannot be used",
        f"(another process listens there); set {METASTORE_PORT} to a free one",
    )
    assert not taken_ports.refused.starts


@clause("MODE-PORT-03", MUST, source=DESIGN)
def test_a_worker_port_that_is_taken(taken_ports: TakenPorts) -> None:
    """A worker's port on which somebody listens is named too, with its variable."""
    taken_ports.refused.check_refused(
        "BackendStartError",
        f"port {taken_ports.asked[WORKER_PORT]} on {taken_ports.host} cannot be used",
        f"(another process listens there); set {WORKER_PORT} to a free one",
    )


@clause("MODE-PORT-02", MUST, source=DESIGN)
def test_two_backends_with_ports_of_their_own(second_try: Backend) -> None:
    """Two backends with different ports live on one host."""
    assert second_try.received == SENT


@clause("MODE-ARGS-02", MUST, source=DESIGN)
def test_after_a_failed_start(second_try: Backend) -> None:
    """After a start that failed, the right settings work in the same driver at the same ports."""
    addresses = [f"{host}:{second_try.asked[WORKER_PORT]}" for host in second_try.driver.hosts]

    assert [worker.address for worker in second_try.workers] == addresses


@clause("MODE-PORT-04", MUST, source=DESIGN)
def test_a_port_that_is_taken_on_another_node(
    driver: DriverProcess, variables: Callable[..., Variables]
) -> None:
    """A port that is taken on one node is an error of the actors there, until it is free."""
    asked, host = variables(), driver.hosts[1]
    driver.register(asked).check_started()

    with socket.create_server((host, asked[WORKER_PORT])):
        error = driver.ask("transfer_error")

    assert f"BackendStartError: port {asked[WORKER_PORT]} on {host}" in error, error
    assert WORKER_PORT in error
    assert driver.ask("transfer") == SENT


@clause("MODE-ARGS-01", MUST, source=GUIDE)
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ("--no_such_flag 1", "unknown command line flag 'no_such_flag'"),
        ("--shared_memory_size_mb none", "illegal value 'none' specified for uint64 flag"),
        ("--enable_thp maybe", "illegal value 'maybe' specified for bool flag 'enable_thp'"),
    ],
)
def test_an_argument_that_the_worker_refuses(
    driver: DriverProcess, variables: Callable[..., Variables], arguments: str, reason: str
) -> None:
    """A flag or value that the worker does not take is an error with the worker's words."""
    refused = driver.register({**variables(), WORKER_ARGS: arguments})

    refused.check_refused("BackendStartError", reason, driver.hosts[0])
    assert refused.took.keeps(LIMIT_S)


@clause("MODE-H2D-01", MUST, source=GUIDE)
def test_npus_for_remote_copies(npu_start: Attempt) -> None:
    """`--remote_h2d_device_ids` becomes the worker's ASCEND_RT_VISIBLE_DEVICES, in its order.

    The worker counts within those (measured on openyuanrong-datasystem 0.8.1 with emulated NPUs).
    """
    (start,) = npu_start.starts

    assert start.visible_npus == NPUS
    assert start.arguments[start.arguments.index("--remote_h2d_device_ids") + 1] == "0,1"


@clause("MODE-H2D-02", MUST, source="measured on openyuanrong-datasystem 0.8.1: only in the log")
def test_npus_that_the_node_does_not_have(npu_start: Attempt) -> None:
    """A worker that cannot use these NPUs is an error with its reason, long before `-t` is over."""
    npu_start.check_refused("BackendStartError")

    assert "remote" in npu_start.text.lower() or "plugin" in npu_start.text, npu_start.text
    assert npu_start.took.keeps(LIMIT_S)
