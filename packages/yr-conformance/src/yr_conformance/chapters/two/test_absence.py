"""TWO-CRASH and TWO-STOP: what is left of a worker's values for its peers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from yr_conformance.chapters.two.absence import VALUE, Absence, be_absent
from yr_conformance.chapters.two.clauses import MUST, clause
from yr_conformance.datasystem.cluster import Cluster
from yr_conformance.datasystem.sources import MEASURED
from yr_conformance.datasystem.statuses import split_status
from yr_conformance.datasystem.worker import head_worker, joining_worker, new_home

# Which of them it is depends on how far the released worker got when the time was over.
UNREACHABLE = {
    "RPC unavailable",
    "RPC deadline exceeded",
    "Runtime error",
    "The master may timeout/dead",
}


@pytest.fixture(scope="module")
def absence(
    process_mark: str, process_home: str, new_cluster: Callable[[], Cluster]
) -> Iterator[Absence]:
    """One absence of a joined worker, over when the first clause looks at it.

    In a cluster of its own: after a stop, a released head refuses some keys for a while.
    """
    head = head_worker(new_cluster(), new_home(process_home))
    joined = joining_worker(head, new_home(process_home))
    try:
        head.start()
        joined.start()
        yield be_absent(head, joined)
    finally:
        joined.discard()
        head.discard()


@clause("TWO-CRASH-01", MUST, source=MEASURED)
def test_values_of_a_crashed_worker_cannot_be_read(absence: Absence) -> None:
    """`get` of a key held only by a crashed worker fails within its time: unreachable."""
    assert split_status(absence.crash.get)[0] in UNREACHABLE


@clause("TWO-CRASH-02", MUST, source=MEASURED)
def test_a_batch_with_a_lost_key(absence: Absence) -> None:
    """`get` of several keys, one of them lost, fails or gives None for the lost one."""
    batch = absence.crash.batch

    if isinstance(batch, str):
        assert split_status(batch)[0] in UNREACHABLE
    else:
        assert batch == [VALUE, None]


@clause("TWO-CRASH-03", MUST, source=MEASURED)
def test_replicas_outlive_a_crashed_worker(absence: Absence) -> None:
    """What another worker had read before stays readable there after the crash."""
    assert absence.crash.replica == [VALUE]


@clause("TWO-CRASH-04", MUST, source=MEASURED)
def test_keys_of_a_crashed_worker_cannot_be_deleted(absence: Absence) -> None:
    """`delete` of a key held only by a crashed worker fails within its time: unreachable."""
    assert split_status(absence.crash.delete)[0] in UNREACHABLE


@clause("TWO-CRASH-05", MUST, source=MEASURED)
def test_other_keys_work_on(absence: Absence) -> None:
    """After a joined worker crashed, the head stores and reads other keys as before."""
    assert absence.crash.fresh == [b"x"]


@clause("TWO-CRASH-06", MUST, source=MEASURED)
def test_exist_does_not_notice_a_crash(absence: Absence) -> None:
    """`exist` still says True for keys held only by a crashed worker."""
    assert absence.crash.exist == [True, True]


@clause("TWO-CRASH-07", MUST, source=MEASURED)
def test_a_crashed_worker_comes_back_empty(absence: Absence) -> None:
    """When it is back, `get` of its keys fails for want of a copy, and they no longer exist."""
    code, message = split_status(absence.returned_get)

    assert code == "Runtime error"
    assert "Fail to get object" in message
    assert absence.returned_exist == [False]


@clause("TWO-STOP-01", MUST, source=MEASURED)
def test_values_of_a_stopped_worker_have_no_copy(absence: Absence) -> None:
    """After an orderly stop, `exist` still knows a key held only there, and `get` fails."""
    code, message = split_status(absence.stopped_get)

    assert absence.stopped_exist == [True]
    assert code == "Runtime error"
    assert "Fail to get object" in message


@clause("TWO-STOP-02", MUST, source=MEASURED)
def test_replicas_outlive_a_stopped_worker(absence: Absence) -> None:
    """What another worker had read before stays readable there after the stop."""
    assert absence.stopped_replica == [VALUE]
