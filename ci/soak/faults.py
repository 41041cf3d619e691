"""The faults: one at a time, drawn from the seed, each followed by proof that all is well again."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil
import ray
from peers import Pool
from records import Records, Weather
from traffic import to_actor, to_driver

from ray_ascend import cleanup_yr_resources
from ray_ascend.errors import RayAscendError
from yr_conformance.transfer.ray_session import RaySession, marked_processes
from yr_conformance.transfer.registration import register_transport
from yr_fake_ds.faults import install_faults

RECOVERY_S = 60.0
_ANSWER_S = 30.0
_STATUSES = (
    *("RPC unavailable", "RPC deadline exceeded", "Try again", "Not ready", "Runtime error"),
    *("Client and Worker disconnect", "The worker timeout", "The cluster is scaling"),
    *("Out of memory", "IO error"),
)
_CALLS = ("mcreate", "mset_buffer", "get", "delete", "connect")


@dataclass
class Faults:
    """What can be broken, and the traffic that must go on after it."""

    session: RaySession
    pool: Pool
    records: Records
    weather: Weather
    drawn: random.Random
    names: list[str]

    def make_one(self) -> None:
        """Break something, mend it, and wait until every peer transfers again."""
        name = self.drawn.choice(self.names)
        self.weather.storm()
        try:
            FAULTS[name](self)
        except Exception as error:  # what keeps a fault from being made is looked at
            self.records.surprise(f"the fault {name!r} could not be made: {error!r}")
        mended = time.monotonic()
        self._recover(name, mended)

    def _recover(self, name: str, mended: float) -> None:
        reason: Exception | None = None
        while time.monotonic() < mended + RECOVERY_S:
            try:
                self.pool.replace_dead()
                self._transfer_everywhere()
            except (ray.exceptions.RayError, RayAscendError, TimeoutError) as error:
                reason = error
                time.sleep(0.1)
            else:
                self.records.fault(name, time.monotonic() - mended)
                self.weather.calm()
                return
        self.records.surprise(f"no recovery from {name!r} within {RECOVERY_S:g} s: {reason!r}")

    def _transfer_everywhere(self) -> None:
        peers = self.pool.all()
        for at, peer in enumerate(peers):
            to_actor(self.drawn, at, [peer, peers[at - 1]])
        to_driver(self.drawn, 0, peers)

    def worker(self) -> int | None:
        """Give the datasystem worker's process, if it runs."""
        pids = self.session.datasystem_pids()
        return pids[0] if pids else None


def worker_killed(faults: Faults) -> None:
    """SIGKILL of the datasystem worker."""
    _signal(faults.worker(), signal.SIGKILL)


def worker_frozen(faults: Faults) -> None:
    """SIGSTOP of the datasystem worker for a while."""
    pid = faults.worker()
    _signal(pid, signal.SIGSTOP)
    time.sleep(faults.drawn.uniform(0.2, 12))
    _signal(pid, signal.SIGCONT)


def actor_killed(faults: Faults) -> None:
    """An actor ended by Ray, in the middle of what it sends and receives."""
    ray.kill(faults.pool.mortal(faults.drawn))


def actor_crashed(faults: Faults) -> None:
    """SIGKILL of an actor's process."""
    pid, _ = ray.get(faults.pool.mortal(faults.drawn).vitals.remote(), timeout=_ANSWER_S)
    _signal(pid, signal.SIGKILL)


def coordinator_killed(faults: Faults) -> None:
    """SIGKILL of the coordinator, which Ray starts again."""
    _signal(_process("ray::Coordinator", faults), signal.SIGKILL)


def supervisor_killed(faults: Faults) -> None:
    """SIGKILL of the node's supervisor."""
    _signal(_process("ray::Supervisor", faults), signal.SIGKILL)


def reaper_killed(faults: Faults) -> None:
    """SIGKILL of the process that keeps the worker."""
    _signal(_process("ray_ascend.backend.reaper", faults), signal.SIGKILL)


def worker_killed_behind_the_coordinator(faults: Faults) -> None:
    """The worker dies while the coordinator does not answer for a while."""
    _killed_behind("ray::Coordinator", faults)


def worker_killed_behind_the_supervisor(faults: Faults) -> None:
    """The worker dies while the supervisor does not answer for a while."""
    _killed_behind("ray::Supervisor", faults)


def cleaned_up(faults: Faults) -> None:
    """The backend taken down under the traffic, and registered again."""
    cleanup_yr_resources()
    time.sleep(faults.drawn.uniform(0, 1))
    register_transport()


def statuses(faults: Faults) -> None:
    """Calls that fail with a status, some of them although they were carried out."""
    rules = [
        {
            "action": "status",
            "call": call,
            "status": faults.drawn.choice(_STATUSES),
            "when": faults.drawn.choice(("before", "after")),
            "probability": 0.3,
        }
        for call in _CALLS
    ]
    _follow("statuses", faults, faults.drawn.sample(rules, 2))


def delays(faults: Faults) -> None:
    """Calls that are late."""
    seconds = faults.drawn.uniform(0.1, 3)
    _follow("delays", faults, [{"action": "delay", "seconds": seconds, "probability": 0.3}])


def partial_failures(faults: Faults) -> None:
    """Batches that fail for some keys."""
    calls = ["mset_buffer", "get", "delete"]
    rule = {"action": "partial", "call": calls, "probability": 0.5}
    _follow("partial failures", faults, [rule])


def answers_lost(faults: Faults) -> None:
    """Calls that are never answered, carried out or not."""
    when = faults.drawn.choice(("before", "after"))
    rule = {"action": "drop", "when": when, "probability": 0.2}
    _follow("answers lost", faults, [rule])


def no_space(faults: Faults) -> None:
    """Memory that is full."""
    rule = {"action": "no_space", "call": "mcreate", "probability": 0.7}
    _follow("no space", faults, [rule])


def worker_dies_in_a_call(faults: Faults) -> None:
    """The worker dies before or after it carries out one of the calls."""
    rule = {
        "action": "kill",
        "call": faults.drawn.choice(_CALLS[:-1]),
        "skip": faults.drawn.randint(0, 20),
        "when": faults.drawn.choice(("before", "after")),
    }
    _follow("worker dies in a call", faults, [rule])


FAULTS: dict[str, Callable[[Faults], None]] = {
    "worker killed": worker_killed,
    "worker frozen": worker_frozen,
    "actor killed": actor_killed,
    "actor crashed": actor_crashed,
    "coordinator killed": coordinator_killed,
    "supervisor killed": supervisor_killed,
    "reaper killed": reaper_killed,
    "worker killed, coordinator frozen": worker_killed_behind_the_coordinator,
    "worker killed, supervisor frozen": worker_killed_behind_the_supervisor,
    "cleaned up": cleaned_up,
    "statuses": statuses,
    "delays": delays,
    "partial failures": partial_failures,
    "answers lost": answers_lost,
    "no space": no_space,
    "worker dies in a call": worker_dies_in_a_call,
}


def _follow(name: str, faults: Faults, rules: list[dict[str, Any]]) -> None:
    """Let the worker follow a plan for a while; it may die meanwhile, and its count with it."""
    address = f"{faults.session.host}:{faults.session.worker_port}"
    plan = {"seed": faults.drawn.randrange(2**31), "rules": rules}
    with install_faults(address, plan) as installed:
        time.sleep(faults.drawn.uniform(1, 5))
        with contextlib.suppress(OSError):
            faults.records.struck(name, sum(installed.fired()))


def _killed_behind(name: str, faults: Faults) -> None:
    frozen = _process(name, faults)
    _signal(frozen, signal.SIGSTOP)
    _signal(faults.worker(), signal.SIGKILL)
    time.sleep(faults.drawn.uniform(0.5, 12))
    _signal(frozen, signal.SIGCONT)


def _signal(pid: int | None, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        if pid is not None:
            os.kill(pid, number)


def _process(name: str, faults: Faults) -> int | None:
    for process in marked_processes(faults.session.mark):
        with contextlib.suppress(psutil.Error):
            if name in " ".join(process.cmdline()):
                return process.pid
    return None
