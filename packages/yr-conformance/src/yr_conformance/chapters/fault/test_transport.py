"""FAULT-XFER: faults under the transport, as Ray tasks see them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from yr_conformance.clauses import MUST, clause
from yr_conformance.faults import transport_trials
from yr_conformance.faults.fixtures import Row
from yr_conformance.faults.trial import Trials

DESIGN = "design: a transfer that fails is an error within its time, and the next one works"
ALL_TRIALS_S = 900
TIMEOUT = pytest.mark.timeout(ALL_TRIALS_S + 60)


@pytest.fixture(scope="module")
def trials(request: pytest.FixtureRequest, process_home: str) -> Trials:
    """Every fault once, in a driver of its own that is over when the first clause looks at it."""
    path = os.path.join(process_home, "transport-trials")
    in_etcd = request.config.option.mode == "etcd"
    etcd = [request.getfixturevalue("etcd").address] if in_etcd else []
    command = [sys.executable, "-m", transport_trials.__name__, path, *etcd]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=ALL_TRIALS_S, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    try:
        return transport_trials.read_trials(path)
    finally:
        os.unlink(path)


@clause("FAULT-XFER-01", MUST, source=DESIGN, needs=("transfer-cpu",))
@TIMEOUT
@pytest.mark.parametrize("moment", ["before put", "after put", "during get", "before gc"])
def test_a_worker_that_dies(trials: Trials, fault_row: Row, moment: str) -> None:
    """A worker that dies costs the transfers of that moment, in time; then it is back."""
    trial = trials[f"worker killed {moment}"]
    fault_row(trial)

    trial.check()


@clause("FAULT-XFER-02", MUST, source=DESIGN, needs=("transfer-cpu",))
@TIMEOUT
def test_a_lost_tensor_is_an_error(trials: Trials, fault_row: Row) -> None:
    """A tensor whose worker died is an error to its receiver, not a hang and not other bytes."""
    trial = trials["worker killed after put"]

    assert trial.seen[0].failed, trial.seen


@clause("FAULT-XFER-03", MUST, source=DESIGN, needs=("transfer-cpu",))
@TIMEOUT
def test_a_frozen_worker_under_a_transfer(trials: Trials, fault_row: Row) -> None:
    """A transfer through a frozen worker fails in time; transfers work when it goes on."""
    trial = trials["worker frozen"]
    fault_row(trial)

    assert trial.seen[0].failed, trial.seen
    trial.check()


@clause("FAULT-XFER-04", MUST, source=DESIGN, needs=("transfer-cpu",))
@TIMEOUT
@pytest.mark.parametrize("who", ["sender", "receiver"])
def test_an_actor_that_dies(trials: Trials, fault_row: Row, who: str) -> None:
    """The death of sender or receiver ends its transfer in time, and hurts no other actor's."""
    trial = trials[f"{who} killed"]
    fault_row(trial)

    trial.check()


@clause("FAULT-XFER-05", MUST, source=DESIGN, needs=("transfer-cpu",))
@TIMEOUT
def test_a_tensor_that_does_not_fit(trials: Trials, fault_row: Row) -> None:
    """A tensor larger than the worker's memory is an error in time, and others go on."""
    trial = trials["full memory"]
    fault_row(trial)

    assert trial.seen[0].failed, trial.seen
    trial.check()
