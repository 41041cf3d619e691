"""Worker life: one worker starts, crashes, starts again and is stopped, and all is written down.

Starting and stopping a released worker takes seconds, so many clauses look at one such life.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from yr_conformance.datasystem.clients import connect
from yr_conformance.datasystem.cluster import Cluster
from yr_conformance.datasystem.dscli import Outcome, dscli
from yr_conformance.datasystem.worker import Worker, head_worker, started_pid
from yr_conformance.living import kill

KEY = "cli:lost"


@dataclass(frozen=True)
class FirstSight:
    """What there is to see of a worker that has just been started."""

    pid: int
    healthy: bool
    ready: bool
    session: int
    command_line: tuple[str, ...]
    ports: frozenset[int]


@dataclass(frozen=True)
class Rivals:
    """How attempts went to start others in its place, and whether it survived them."""

    on_its_port: Outcome
    in_its_home: Outcome
    survived: bool


@dataclass(frozen=True)
class WorkerLife:
    """What was said and seen at each step."""

    worker: Worker
    started: Outcome
    first_sight: FirstSight
    rivals: Rivals
    started_again: Outcome
    kept: list[bool]
    stopped: Outcome
    alive_at_last: bool
    logs: list[str]
    stopped_twice: Outcome


def live(worker: Worker, new_cluster: Callable[[], Cluster], parent: str) -> WorkerLife:
    """Live one life; rivals have clusters of their own, the home of one is in `parent`."""
    started = worker.start()
    first_sight = _look_at(worker)
    rivals = _provoke(worker, new_cluster, f"{parent}/rival")
    worker.kill()
    started_again = worker.start()
    kept = connect(worker.port).exist([KEY])
    return WorkerLife(
        worker=worker,
        started=started,
        first_sight=first_sight,
        rivals=rivals,
        started_again=started_again,
        kept=kept,
        stopped=worker.stop(),
        alive_at_last=worker.alive,
        logs=os.listdir(f"{worker.home}/datasystem/logs"),
        stopped_twice=worker.stop(),
    )


def _look_at(worker: Worker) -> FirstSight:
    # Before a client looks, which waits for a worker that is not ready yet.
    ready = os.path.exists(f"{worker.home}/datasystem/probe/ready")
    client = connect(worker.port)
    client.set(KEY, b"x")
    return FirstSight(
        pid=worker.pid,
        healthy=client.health_check().is_ok(),
        ready=ready,
        session=os.getsid(worker.pid),
        command_line=tuple(psutil.Process(worker.pid).cmdline()),
        ports=worker.listening_ports(),
    )


def _provoke(worker: Worker, new_cluster: Callable[[], Cluster], home: str) -> Rivals:
    on_its_port = Worker(worker.port, new_cluster(), home=home)
    return Rivals(
        on_its_port=_start_rival(on_its_port),
        in_its_home=_start_rival(head_worker(new_cluster(), worker.home)),
        survived=worker.alive,
    )


def _start_rival(worker: Worker) -> Outcome:
    outcome = dscli("start", *worker.start_arguments())
    if pid := started_pid(outcome):
        kill(pid)
    return outcome
