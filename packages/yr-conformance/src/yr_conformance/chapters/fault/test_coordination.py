"""FAULT-ETCD and FAULT-CUT: the place where a cluster meets does not answer."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest

from yr_conformance.chapters.fault.clauses import MUST, clause
from yr_conformance.chapters.fault.coordination_faults import try_etcd, try_partition
from yr_conformance.datasystem.clients import Elsewhere
from yr_conformance.datasystem.cluster import Cluster, MetastoreCluster, cluster_in
from yr_conformance.datasystem.sources import MEASURED
from yr_conformance.datasystem.worker import HOST, free_ports
from yr_conformance.etcd.server import Etcd
from yr_conformance.faults.fixtures import Row
from yr_conformance.faults.pair import VALUE, running_pair
from yr_conformance.faults.tcp_proxy import TcpProxy
from yr_conformance.faults.trial import Trials
from yr_conformance.results import UNSUPPORTED


@pytest.fixture(scope="module")
def mode(pytestconfig: pytest.Config) -> str:
    """The mode of this run."""
    return str(pytestconfig.option.mode)


@pytest.fixture(scope="module")
def etcd_trials(
    mode: str, start_etcd: Callable[[], Etcd], process_home: str, elsewhere: Elsewhere
) -> Iterator[Trials]:
    """Every fault of an etcd that nobody else uses."""
    if mode != "etcd":
        pytest.skip(f"{UNSUPPORTED}mode {mode} has no etcd")
    etcd = start_etcd()
    if not etcd.may_be_hurt:
        pytest.skip(f"the etcd at {etcd.address} is somebody else's and is not hurt")
    cluster = cluster_in(etcd.address)
    with running_pair(cluster, cluster, process_home, elsewhere) as pair:
        yield try_etcd(pair, etcd)


@pytest.fixture(scope="module")
def partition(
    mode: str, request: pytest.FixtureRequest, process_home: str, elsewhere: Elsewhere
) -> Iterator[Trials]:
    """A partition between the joined worker and where its cluster meets."""
    with contextlib.ExitStack() as stack:
        first, second, proxy = _divided(mode, request, stack)
        pair = stack.enter_context(running_pair(first, second, process_home, elsewhere))
        yield try_partition(pair, proxy)


@clause("FAULT-ETCD-01", MUST, source=MEASURED)
@pytest.mark.parametrize("fault", ["slow etcd", "dead etcd"])
def test_etcd_is_not_missed(etcd_trials: Trials, fault_row: Row, fault: str) -> None:
    """While etcd is paused, or dead and restarted, `set`, `get`, `delete` and `init` go on."""
    trial = etcd_trials[fault]
    fault_row(trial)

    assert not any(one.failed for one in trial.seen), trial.seen
    trial.check()


@clause("FAULT-CUT-01", MUST, source=MEASURED)
def test_a_partition_heals(partition: Trials, fault_row: Row) -> None:
    """Cut off from where its cluster meets, a worker answers in time, right or with an error.

    The other side goes on, and transfers work after the partition.
    """
    trial = partition["partition"]
    fault_row(trial)

    local, *_, other_side = trial.seen
    assert local.failed or local.answer == [VALUE], trial.seen
    assert not other_side.failed, trial.seen
    trial.check()


def _divided(
    mode: str, request: pytest.FixtureRequest, stack: contextlib.ExitStack
) -> tuple[Cluster, Cluster, TcpProxy]:
    """Give the way of the head to the cluster, that of the joined worker, and what cuts it."""
    if mode == "etcd":
        cluster = cluster_in(request.getfixturevalue("etcd").address)
        proxy = stack.enter_context(contextlib.closing(TcpProxy(cluster.address)))
        return cluster, type(cluster)(proxy.address, cluster.name), proxy
    metastore = MetastoreCluster(HOST, *free_ports(1))
    proxy = stack.enter_context(contextlib.closing(TcpProxy(f"{HOST}:{metastore.port}")))
    return metastore, MetastoreCluster(HOST, proxy.port), proxy
