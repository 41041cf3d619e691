"""FAULT-WORKER: a worker dies or freezes, at every moment of a transfer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from yr_conformance.chapters.fault.clauses import MUST, clause
from yr_conformance.chapters.fault.worker_faults import try_all
from yr_conformance.datasystem.clients import Elsewhere
from yr_conformance.datasystem.cluster import Cluster
from yr_conformance.datasystem.sources import MEASURED
from yr_conformance.faults.fixtures import Row
from yr_conformance.faults.pair import VALUE, running_pair
from yr_conformance.faults.trial import Trials


@pytest.fixture(scope="module")
def trials(
    process_mark: str, process_home: str, new_cluster: Callable[[], Cluster], elsewhere: Elsewhere
) -> Iterator[Trials]:
    """Every fault of a worker once, over when the first clause looks at it."""
    cluster = new_cluster()
    with running_pair(cluster, cluster, process_home, elsewhere) as pair:
        yield try_all(pair)


@clause("FAULT-WORKER-01", MUST, source=MEASURED)
@pytest.mark.parametrize("moment", ["before", "during"])
def test_a_put_fails_in_time(trials: Trials, fault_row: Row, moment: str) -> None:
    """`set` fails within its time if its worker dies before or during it, and works after."""
    trial = trials[f"killed {moment} put"]
    fault_row(trial)

    assert trial.seen[0].failed, trial.seen
    trial.check()


@clause("FAULT-WORKER-02", MUST, source=MEASURED)
def test_a_value_that_is_gone(trials: Trials, fault_row: Row) -> None:
    """`get` fails within its time if the worker that has the value died; others' keys work."""
    trial = trials["killed after put"]
    fault_row(trial)

    get, _, other = trial.seen
    assert get.failed, trial.seen
    assert not other.failed, trial.seen
    trial.check()


@clause("FAULT-WORKER-03", MUST, source=MEASURED)
@pytest.mark.parametrize("moment", ["before", "during"])
def test_a_get_fails_in_time(trials: Trials, fault_row: Row, moment: str) -> None:
    """`get` fails within its time if its worker dies before it, or while it waits."""
    trial = trials[f"killed {moment} get"]
    fault_row(trial)

    assert trial.seen[0].failed, trial.seen
    trial.check()


@clause("FAULT-WORKER-04", MUST, source=MEASURED)
def test_a_delete_fails_in_time(trials: Trials, fault_row: Row) -> None:
    """`delete` fails within its time if its worker, or the only one with the value, died."""
    trial = trials["killed before delete"]
    fault_row(trial)

    assert all(one.failed for one in trial.seen), trial.seen
    trial.check()


@clause("FAULT-WORKER-05", MUST, source=MEASURED)
def test_a_frozen_worker(trials: Trials, fault_row: Row) -> None:
    """Calls that need a frozen worker fail within their time; all is well when it goes on."""
    trial = trials["frozen"]
    fault_row(trial)

    assert all(one.failed for one in trial.seen), trial.seen
    trial.check()


@clause("FAULT-HEAD-01", MUST, source=MEASURED)
def test_a_lost_head(trials: Trials, fault_row: Row) -> None:
    """Without the first worker of a cluster, others read what they have and fail to write."""
    trial = trials["head lost"]
    fault_row(trial)

    local, *others = trial.seen
    assert local.answer == [VALUE], trial.seen
    assert all(one.failed for one in others), trial.seen
    trial.check()
