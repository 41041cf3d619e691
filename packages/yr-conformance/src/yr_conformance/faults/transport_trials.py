"""Faults under the transport, in a driver of its own.

    tests --start--> this driver -- Ray -- sender, receiver
          <--JSON--- trials           |
                                      datasystem worker, killed and frozen here

A driver of its own, since what is broken here must not meet the clauses that share a Ray cluster.
Started with `-m yr_conformance.faults.transport_trials FILE [ETCD_ADDRESS]`, it writes one JSON
object a line into the file: a trial, or the error that kept it from being made.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, Final

from yr_conformance.faults.trial import RECOVERY_S, Seen, Trial, Trials
from yr_conformance.transfer.ray_session import (
    FETCH_TIMEOUT_SECONDS,
    SHARED_MEMORY_MB,
    RaySession,
    ray_session,
)

ELEMENTS: Final = 1_000_000
LIMIT_S: Final = FETCH_TIMEOUT_SECONDS + 15.0
"""Ray's own time for a transfer, and what the transport adds for a worker that does not answer."""
REPLY_S: Final = 60.0
ROUND_TRIPS: Final = 20


class Driver:
    """Two actors and the transfers between them."""

    def __init__(self, session: RaySession) -> None:
        self.session = session
        self.sender, self.receiver = _peer(), _peer()

    def put(self) -> Any:
        """Let the sender make a tensor, and wait until it has."""
        reference = self.sender.make.remote(_ones, ELEMENTS)
        self.settle()
        return reference

    def settle(self) -> None:
        """Wait until the sender has done all that it was asked."""
        import ray

        ray.get(self.sender.apply.remote(abs, 0), timeout=REPLY_S)

    def get(self, reference: Any) -> float:
        """Let the receiver add up the tensor."""
        import ray

        total: float = ray.get(self.receiver.apply.remote(_total, reference), timeout=REPLY_S)
        return total

    def transfer(self) -> bool:
        """Move one tensor; actors that died are replaced."""
        import ray

        try:
            return self.get(self.put()) == ELEMENTS
        except ray.exceptions.RayActorError:
            self.sender, self.receiver = _peer(), _peer()
            raise

    def worker_pid(self) -> int:
        """The datasystem worker of this node."""
        (pid,) = self.session.datasystem_pids()
        return pid

    def kill_worker(self) -> None:
        """Let the worker crash."""
        pid = self.worker_pid()
        os.kill(pid, signal.SIGKILL)


def worker_killed_before_put(driver: Driver, trial: Trial) -> None:
    """The worker dies, then a tensor is sent."""
    driver.kill_worker()
    trial.mended()
    trial.call("send", LIMIT_S * 2, driver.transfer)


def worker_killed_after_put(driver: Driver, trial: Trial) -> None:
    """The worker dies with the tensor in it."""
    reference = driver.put()
    driver.kill_worker()
    trial.mended()
    trial.call("receive", LIMIT_S, driver.get, reference)


def worker_killed_during_get(driver: Driver, trial: Trial) -> None:
    """The worker dies while tensors are received one after the other."""
    import ray

    references = [driver.put() for _ in range(ROUND_TRIPS)]
    totals = [driver.receiver.apply.remote(_total, reference) for reference in references]
    ray.get(totals[0], timeout=REPLY_S)
    driver.kill_worker()
    trial.mended()
    trial.call("receive", LIMIT_S * 2, lambda: ray.get(totals, timeout=REPLY_S * 2))


def worker_killed_before_gc(driver: Driver, trial: Trial) -> None:
    """The worker dies, then the last reference to a tensor goes."""
    reference = driver.put()
    driver.kill_worker()
    trial.mended()
    del reference
    trial.call("next task of the sender", LIMIT_S, driver.settle)


def worker_frozen(driver: Driver, trial: Trial) -> None:
    """The worker stops answering while a tensor is received."""
    reference = driver.put()
    pid = driver.worker_pid()
    os.kill(pid, signal.SIGSTOP)
    trial.call("receive", LIMIT_S * 2, driver.get, reference)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)
    trial.mended()


def sender_killed(driver: Driver, trial: Trial) -> None:
    """The sender dies before its tensor is received."""
    import ray

    reference = driver.put()
    ray.kill(driver.sender)
    trial.mended()
    trial.call("receive", LIMIT_S, driver.get, reference)
    driver.sender = _peer()


def receiver_killed(driver: Driver, trial: Trial) -> None:
    """The receiver dies while it receives."""
    import ray

    reference = driver.put()
    total = driver.receiver.apply.remote(_total, reference)
    ray.kill(driver.receiver)
    trial.mended()
    trial.call("receive", LIMIT_S, lambda: ray.get(total, timeout=REPLY_S))
    driver.receiver = _peer()


def full_memory(driver: Driver, trial: Trial) -> None:
    """A tensor is larger than the worker's memory."""
    elements = SHARED_MEMORY_MB * 2**20 // 4 + 1
    reference = driver.sender.make.remote(_ones, elements)
    trial.call("receive", LIMIT_S * 2, driver.get, reference)
    trial.mended()


EXPERIMENTS: Final = (
    full_memory,
    sender_killed,
    receiver_killed,
    worker_frozen,
    worker_killed_before_put,
    worker_killed_after_put,
    worker_killed_during_get,
    worker_killed_before_gc,
)


def main(path: str, etcd_address: str = "") -> None:
    """Make every fault once and write down what was seen; ends with the session's own errors."""
    with open(path, "w", encoding="utf-8") as file, ray_session(etcd_address) as session:
        driver = Driver(session)
        driver.transfer()
        for experiment in EXPERIMENTS:
            file.write(json.dumps(_carried_out(experiment, driver), default=str) + "\n")
            file.flush()


def read_trials(path: str) -> Trials:
    """Read what such a driver wrote."""
    trials = Trials()
    with open(path, encoding="utf-8") as file:
        for line in file:
            found = json.loads(line)
            name = found.pop("fault")
            if "error" in found:
                trials.made[name] = AssertionError(found["error"])
                continue
            seen = [Seen(**one) for one in found["seen"]]
            trials.made[name] = Trial(name, seen, found["recovered_s"], found["left"])
    return trials


def _carried_out(experiment: Callable[[Driver, Trial], None], driver: Driver) -> dict[str, Any]:
    import ray

    name = experiment.__name__.replace("_", " ")
    errors = (RuntimeError, OSError, ray.exceptions.RayError)
    trial = Trial(name, errors=errors)
    try:
        experiment(driver, trial)
        trial.recover(driver.transfer, RECOVERY_S)
        trial.left = _surplus_workers(driver.session)
    except (AssertionError, ValueError, *errors) as error:
        return {"fault": name, "error": f"{type(error).__name__}: {error}"}
    fields = {"seen": [dataclasses.asdict(one) for one in trial.seen], "left": trial.left}
    return {"fault": name, "recovered_s": trial.recovered_s, **fields}


def _surplus_workers(session: RaySession) -> list[str]:
    """Give the processes with the worker's port if they are not one: keys are chapter GC's."""
    pids = session.datasystem_pids()
    return [] if len(pids) == 1 else [f"workers: {pids}"]


def _peer() -> Any:
    from yr_conformance.transfer.peer import peer_class

    return peer_class().remote()


def _ones(elements: int) -> Any:
    import torch

    return torch.ones(elements, dtype=torch.float32)


def _total(tensor: Any) -> float:
    return float(tensor.sum())


if __name__ == "__main__":
    main(*sys.argv[1:3])
