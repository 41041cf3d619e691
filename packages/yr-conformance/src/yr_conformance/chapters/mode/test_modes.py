"""MODE-DEF, MODE-META and MODE-ETCD: each mode from the variables to a tensor that arrives."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from yr_conformance.chapters.mode.clauses import DESIGN, GUIDE, MUST, clause
from yr_conformance.datasystem.worker import free_ports
from yr_conformance.etcd.server import Etcd
from yr_conformance.settings.backend import SENT, Backend, Backends
from yr_conformance.settings.driver_process import DriverProcess, can_listen
from yr_conformance.settings.variables import (
    DEFAULT_METASTORE_PORT,
    DEFAULT_WORKER_PORT,
    ETCD_ADDRESS,
    METASTORE_PORT,
    OURS,
    WORKER_PORT,
    Variables,
    in_etcd_mode,
)

DEAD_S = 20.0
"""Far less than the 60 s for which a worker would try to reach its etcd."""


@pytest.fixture
def default_backend(backends: Backends) -> Backend:
    """A backend of a driver whose variables are all blank."""

    def blank() -> Variables:
        head = backends.idle_driver().hosts[0]
        for port in (DEFAULT_WORKER_PORT, DEFAULT_METASTORE_PORT):
            if not can_listen(head, port):
                pytest.skip(f"somebody listens on port {port} of every address of this machine")
        return dict.fromkeys(OURS, " ")

    return backends.lend("defaults", blank)


@pytest.fixture
def etcd_backend(backends: Backends, etcd: Etcd) -> Backend:
    """A backend in etcd mode, whose metastore's port is nonsense there: it is the worker's."""

    def asked() -> Variables:
        made = in_etcd_mode(etcd.address)
        return {**made, METASTORE_PORT: made[WORKER_PORT]}

    return backends.lend("etcd", asked)


@pytest.fixture
def backend_of_two_members(backends: Backends, etcd: Etcd) -> Backend:
    """A backend in etcd mode, of whose two members the first is dead."""
    members = f" 127.0.0.1:{free_ports(1)[0]} , {etcd.address} "
    made = {**in_etcd_mode(etcd.address), ETCD_ADDRESS: members}
    return backends.lend("two members", lambda: made)


@pytest.fixture(scope="module")
def silent_etcd(start_etcd: Callable[[], Etcd]) -> Iterator[Etcd]:
    """An etcd that takes connections and does not answer."""
    etcd = start_etcd()
    if not etcd.may_be_hurt:
        pytest.skip("this etcd is not ours to pause")
    etcd.pause()
    yield etcd
    etcd.resume()


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
def test_a_tensor_in_etcd_mode(etcd_backend: Backend, etcd: Etcd) -> None:
    """In etcd mode a tensor goes from node to node, and the workers meet in that etcd."""
    workers = etcd_backend.workers

    assert etcd_backend.received == SENT
    assert [worker.flags["etcd_address"] for worker in workers] == [etcd.address] * 2


@clause("MODE-ETCD-02", MUST, source=DESIGN)
def test_no_metastore_in_etcd_mode(etcd_backend: Backend) -> None:
    """In etcd mode no metastore listens, and a metastore's port has no effect."""
    for worker in etcd_backend.workers:
        assert worker.listens == (worker.address,)


@clause("MODE-ETCD-03", MUST, source=DESIGN)
def test_one_living_member_is_enough(backend_of_two_members: Backend) -> None:
    """Of several members, separated by commas, one that lives is enough, in any place."""
    members = backend_of_two_members.asked[ETCD_ADDRESS].replace(" ", "")
    workers = backend_of_two_members.workers

    assert backend_of_two_members.received == SENT
    assert [worker.flags["etcd_address"] for worker in workers] == [members] * 2


@clause("MODE-ETCD-04", MUST, source=DESIGN)
def test_no_living_member(driver: DriverProcess) -> None:
    """If no member answers, that is an error in time that names variable and every member."""
    members = [f"127.0.0.1:{port}" for port in free_ports(2)]

    refused = driver.register(in_etcd_mode(",".join(members)))

    refused.check_refused("BackendStartError", ETCD_ADDRESS, *members, "refused")
    assert not refused.starts
    assert refused.took.keeps(DEAD_S)


@clause("MODE-ETCD-05", MUST, source=DESIGN)
def test_a_member_that_says_nothing(driver: DriverProcess, silent_etcd: Etcd) -> None:
    """An etcd that takes connections and does not answer is an error in time that names it."""
    refused = driver.register(in_etcd_mode(silent_etcd.address))

    refused.check_refused("BackendStartError", ETCD_ADDRESS, silent_etcd.address, "no answer")
    assert not refused.starts
    assert refused.took.keeps(DEAD_S)
