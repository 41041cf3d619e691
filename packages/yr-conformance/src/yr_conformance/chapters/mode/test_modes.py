"""MODE-DEF, MODE-META and MODE-ETCD: each mode from the variables to a tensor that arrives."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from yr_conformance.chapters.mode.clauses import DESIGN, GUIDE, MUST, clause
from yr_conformance.datasystem.worker import free_ports
from yr_conformance.etcd.server import Etcd
from yr_conformance.settings.backend import SENT, Backend, running_backend
from yr_conformance.settings.driver_process import DriverProcess, can_listen
from yr_conformance.settings.variables import (
    DEFAULT_METASTORE_PORT,
    DEFAULT_WORKER_PORT,
    ETCD_ADDRESS,
    METASTORE_PORT,
    OURS,
    in_etcd_mode,
)

DEAD_S = 20.0
"""Far less than the 60 s for which a worker would try to reach its etcd."""


@pytest.fixture(scope="module")
def default_backend(driver: DriverProcess) -> Iterator[Backend]:
    """A backend of a driver whose variables are all blank."""
    for port in (DEFAULT_WORKER_PORT, DEFAULT_METASTORE_PORT):
        if not all(can_listen(host, port) for host in driver.hosts):
            pytest.skip(f"a program of this machine listens on port {port} of every address")
    with running_backend(driver, dict.fromkeys(OURS, " ")) as running:
        yield running


@pytest.fixture(scope="module")
def etcd_backend(driver: DriverProcess, etcd: Etcd) -> Iterator[Backend]:
    """A backend in etcd mode, of whose two members one is dead."""
    dead = f"127.0.0.1:{free_ports(1)[0]}"
    asked = in_etcd_mode(etcd.address)
    asked[ETCD_ADDRESS] = f" {dead} , {etcd.address} "
    with running_backend(driver, asked) as running:
        yield running


@clause("MODE-DEF-01", MUST, source=GUIDE)
def test_the_defaults(default_backend: Backend) -> None:
    """Without variables, or with blank ones, workers are at 31501 and meet at 2379."""
    head, other = default_backend.workers
    metastore = f"{head.host}:{DEFAULT_METASTORE_PORT}"

    assert head.listens == tuple(sorted((head.address, metastore)))
    assert head.address.endswith(f":{DEFAULT_WORKER_PORT}")
    assert other.flags["metastore_address"] == metastore


@clause("MODE-META-01", MUST, source=GUIDE)
def test_a_tensor_in_metastore_mode(default_backend: Backend) -> None:
    """In metastore mode a tensor goes from node to node, whatever else is set up."""
    assert default_backend.received == SENT
    assert not default_backend.attempt.warnings


@clause("MODE-ETCD-01", MUST, source=GUIDE)
def test_a_tensor_in_etcd_mode(driver: DriverProcess, etcd: Etcd) -> None:
    """In etcd mode a tensor goes from node to node, and no metastore listens anywhere."""
    with running_backend(driver, in_etcd_mode(etcd.address)) as running:
        assert running.received == SENT
        assert [worker.listens for worker in running.workers] == [
            (worker.address,) for worker in running.workers
        ]


@clause("MODE-ETCD-02", MUST, source=DESIGN)
def test_one_living_member_is_enough(etcd_backend: Backend) -> None:
    """Of several members, separated by commas, one that lives is enough, in any place."""
    members = etcd_backend.asked[ETCD_ADDRESS].replace(" ", "")

    assert etcd_backend.received == SENT
    assert {worker.flags["etcd_address"] for worker in etcd_backend.workers} == {members}


@clause("MODE-ETCD-03", MUST, source=DESIGN)
def test_no_living_member(driver: DriverProcess) -> None:
    """If no member answers, that is an error in time that names variable and every member."""
    members = [f"127.0.0.1:{port}" for port in free_ports(2)]

    refused = driver.register(in_etcd_mode(",".join(members)))

    refused.check_refused("BackendStartError", ETCD_ADDRESS, *members, "refused")
    assert not refused.starts
    assert refused.seconds < DEAD_S


@clause("MODE-ETCD-04", MUST, source=DESIGN)
def test_a_member_that_says_nothing(driver: DriverProcess, start_etcd: Callable[[], Etcd]) -> None:
    """An etcd that takes connections and does not answer is an error in time that names it."""
    frozen = start_etcd()
    if not frozen.may_be_hurt:
        pytest.skip("this etcd is not ours to pause")
    frozen.pause()
    try:
        refused = driver.register(in_etcd_mode(frozen.address))
    finally:
        frozen.resume()

    refused.check_refused("BackendStartError", ETCD_ADDRESS, frozen.address, "no answer")
    assert not refused.starts
    assert refused.seconds < DEAD_S


@clause("MODE-ETCD-05", MUST, source=DESIGN)
def test_the_metastore_port_in_etcd_mode(driver: DriverProcess, etcd: Etcd) -> None:
    """In etcd mode a metastore's port is not used, and may be taken or the worker's own."""
    asked = in_etcd_mode(etcd.address)

    with running_backend(driver, {**asked, METASTORE_PORT: asked["YR_DS_WORKER_PORT"]}) as running:
        assert running.received == SENT
