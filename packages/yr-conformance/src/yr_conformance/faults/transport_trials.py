"""Faults under the transport, in a driver of its own.

    tests --start--> this driver -- Ray -- sender, receiver
          <--JSON--- trials           |
                                      datasystem worker, killed and frozen here

A driver of its own, since what is broken here must not meet the clauses that share a Ray cluster.
Started with `-m yr_conformance.faults.transport_trials FILE DEVICE [ETCD_ADDRESS]`, it writes one
JSON object a line into the file: a trial, or the error that kept it from being made.
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

from yr_conformance.fair_time import with_elapsed
from yr_conformance.faults.death_trials import STEPS
from yr_conformance.faults.transport_driver import (
    LIMIT_S,
    REPLY_S,
    TRANSFERS,
    Driver,
    ones,
)
from yr_conformance.faults.trial import RECOVERY_S, Seen, Trial, Trials
from yr_conformance.living import freeze, is_alive
from yr_conformance.transfer.device_kind import kind_of
from yr_conformance.transfer.ray_session import SHARED_MEMORY_MB, RaySession, ray_session


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

    _, totals = driver.receiving(TRANSFERS)
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
    freeze(pid)
    trial.call("receive", LIMIT_S * 2, driver.get, reference)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)
    trial.mended()


def full_memory(driver: Driver, trial: Trial) -> None:
    """A tensor is larger than the worker's memory."""
    elements = SHARED_MEMORY_MB * 2**20 // 4 + 1
    reference = driver.sender.make.remote(ones, elements)
    trial.call("receive", LIMIT_S * 2, driver.get, reference)
    trial.mended()


WORKER_FAULTS: Final = (
    worker_frozen,
    worker_killed_before_put,
    worker_killed_after_put,
    worker_killed_during_get,
    worker_killed_before_gc,
)
"""No actor ends with them."""


def main(path: str, device: str, etcd_address: str = "") -> None:
    """Make every fault once and write down what was seen; ends with the session's own errors."""
    kind = kind_of(device)
    with open(path, "w", encoding="utf-8") as file, ray_session(etcd_address) as session:
        driver = Driver(session, kind)
        driver.transfer()
        # NPU memory takes none of the worker's.
        of_worker = WORKER_FAULTS if kind.by_reference else (full_memory, *WORKER_FAULTS)
        for experiment in (*STEPS, *of_worker):
            actors = driver.pids() if experiment in of_worker else []
            seen = _carried_out(experiment, driver, actors)
            file.write(json.dumps(seen, default=str) + "\n")
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
            seen = [Seen(**with_elapsed(one)) for one in found["seen"]]
            trials.made[name] = Trial(
                name, seen, found["recovered_s"], found["left"], found["lost"]
            )
    return trials


def _carried_out(
    experiment: Callable[[Driver, Trial], None], driver: Driver, actors: list[int]
) -> dict[str, Any]:
    import ray

    name = experiment.__name__.replace("_", " ")
    errors = (RuntimeError, OSError, ray.exceptions.RayError)
    trial = Trial(name, errors=errors)
    try:
        experiment(driver, trial)
        trial.recover(driver.transfer, RECOVERY_S)
        trial.left = _surplus_workers(driver.session)
        trial.lost = [f"the actor in process {pid}" for pid in actors if not is_alive(pid)]
    except (AssertionError, ValueError, *errors) as error:
        return {"fault": name, "error": f"{type(error).__name__}: {error}"}
    fields = {"seen": [dataclasses.asdict(one) for one in trial.seen], "left": trial.left}
    rest = {"recovered_s": trial.recovered_s, "lost": trial.lost}
    return {"fault": name, **rest, **fields}


def _surplus_workers(session: RaySession) -> list[str]:
    """Give the processes with the worker's port if they are not one: keys are chapter GC's."""
    pids = session.datasystem_pids()
    return [] if len(pids) == 1 else [f"workers: {pids}"]


if __name__ == "__main__":
    main(*sys.argv[1:4])
