"""FAULT-XFER: faults under the transport, as Ray tasks see them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from yr_conformance.faults import death_trials, transport_trials
from yr_conformance.faults.fixtures import Row
from yr_conformance.faults.transport_driver import ELEMENTS
from yr_conformance.faults.trial import Trials
from yr_conformance.transfer.clauses import BY_VALUE, MUST, clause
from yr_conformance.transfer.device_kind import DeviceKind

DESIGN = "design: a transfer that fails is an error within its time, and the next one works"
ALL_TRIALS_S = 900
TIMEOUT = pytest.mark.timeout(ALL_TRIALS_S + 60)

STEPS = tuple(step.__name__.replace("_", " ") for step in death_trials.STEPS)
WORKER_FAULTS = tuple(fault.__name__.replace("_", " ") for fault in transport_trials.WORKER_FAULTS)


@pytest.fixture(scope="module")
def trials(request: pytest.FixtureRequest, process_home: str, device: DeviceKind) -> Trials:
    """Every fault once, in a driver of its own that is over when the first clause looks at it."""
    path = os.path.join(process_home, "transport-trials")
    in_etcd = request.config.option.mode == "etcd"
    etcd = [request.getfixturevalue("etcd").address] if in_etcd else []
    command = [sys.executable, "-m", transport_trials.__name__, path, device.name, *etcd]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=ALL_TRIALS_S,
        check=False,
        env={**os.environ, **device.environment},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    try:
        return transport_trials.read_trials(path)
    finally:
        os.unlink(path)


@clause("FAULT-XFER-01", MUST, source=DESIGN)
@TIMEOUT
@pytest.mark.parametrize("moment", ["before put", "after put", "during get", "before gc"])
def test_a_worker_that_dies(trials: Trials, fault_row: Row, moment: str) -> None:
    """A worker that dies costs the transfers of that moment, in time; then it is back."""
    trial = trials[f"worker killed {moment}"]
    fault_row(trial)

    trial.check()


@clause("FAULT-XFER-02", MUST, source=DESIGN)
@BY_VALUE
@TIMEOUT
def test_a_lost_tensor_is_an_error(trials: Trials, fault_row: Row) -> None:
    """A tensor whose worker died is an error to its receiver, not a hang and not other bytes."""
    trial = trials["worker killed after put"]

    assert trial.seen[0].failed, trial.seen


@clause("FAULT-XFER-03", MUST, source=DESIGN)
@TIMEOUT
def test_a_frozen_worker_under_a_transfer(trials: Trials, fault_row: Row) -> None:
    """A transfer through a frozen worker fails in time; transfers work when it goes on."""
    trial = trials["worker frozen"]
    fault_row(trial)

    assert trial.seen[0].failed, trial.seen
    trial.check()


@clause("FAULT-XFER-04", MUST, source=DESIGN)
@TIMEOUT
@pytest.mark.parametrize("step", STEPS)
def test_an_actor_that_dies(trials: Trials, fault_row: Row, step: str) -> None:
    """The death of sender or receiver ends its transfer in time, and hurts no other actor's."""
    trial = trials[step]
    fault_row(trial)

    trial.check()


@clause(
    "FAULT-XFER-08", MUST, source="design: a put waits for a worker as long as its start may take"
)
@TIMEOUT
def test_a_put_waits_for_the_next_worker(trials: Trials) -> None:
    """A tensor that is sent right after its worker's death arrives, through the next worker."""
    (sent,) = trials["worker killed before put"].seen

    assert sent.answer is True, sent


@clause("FAULT-XFER-09", MUST, source="design: an actor outlives its worker")
@TIMEOUT
@pytest.mark.parametrize("fault", WORKER_FAULTS)
def test_no_actor_ends_with_its_worker(trials: Trials, fault: str) -> None:
    """A worker that is killed or frozen ends no actor, whatever that is doing."""
    assert not trials[fault].lost


@clause("FAULT-XFER-06", MUST, source="design: received tensors own their memory")
@TIMEOUT
def test_a_received_tensor_outlives_its_sender(trials: Trials) -> None:
    """What was received before its sender died is whole."""
    trial = trials["sender killed after receive"]

    assert [one.answer for one in trial.seen] == [ELEMENTS], trial.seen


@clause("FAULT-XFER-07", MUST, source="design: an object is stored once for all its receivers")
@TIMEOUT
@pytest.mark.parametrize("step", ["during", "after"])
def test_a_dead_receiver_leaves_the_object_to_others(trials: Trials, step: str) -> None:
    """An object whose receiver died arrives whole at another one."""
    trial = trials[f"receiver killed {step} receive"]

    assert trial.seen[-1].answer == ELEMENTS, trial.seen


@clause("FAULT-XFER-05", MUST, source=DESIGN)
@BY_VALUE
@TIMEOUT
def test_a_tensor_that_does_not_fit(trials: Trials, fault_row: Row) -> None:
    """A tensor larger than the worker's memory is an error in time, and others go on."""
    trial = trials["full memory"]
    fault_row(trial)

    assert trial.seen[0].failed, trial.seen
    trial.check()
