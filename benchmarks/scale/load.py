"""What the coordinator and the supervisors do, and what it costs, in a cluster that has settled.

idle        so many seconds in which nobody asks: calls of supervisors, and CPU time
at once     so many questions of one process together: time, and the coordinator's CPU time for each
tables      what one question to Ray's tables takes
"""

from __future__ import annotations

import os
import statistics
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psutil
import ray
from ray._private import state

from ray_ascend.store.actor_names import COORDINATOR, NAMESPACE, supervisor_name

_IDLE_S = 10.0
_QUESTIONS = 1000
_REPETITIONS = 20


@dataclass(frozen=True)
class Load:
    """Figures of one cluster: calls a second, milliseconds, MiB."""

    questions: int
    checks: int
    checks_each_second: float
    coordinator_cpu_ms_each_second: float
    supervisor_cpu_ms_each_second: float
    question_cpu_ms: float
    questions_each_second: float
    checks_for_questions: int
    nodes_ms: float
    actors_ms: float
    actor_ms: float
    jobs_ms: float
    name_ms: float
    supervisor_call_ms: float
    coordinator_mib: float
    supervisor_mib: float


def load_of(nodes: Sequence[str], an_actor: str) -> Load:
    """Measure; `an_actor` is the id of one."""
    coordinator = ray.get_actor(COORDINATOR, namespace=NAMESPACE)
    questions, checks = _asked(coordinator)
    chief = _process_of(coordinator)
    others = [_process_of(ray.get_actor(supervisor_name(node), NAMESPACE)) for node in nodes]
    idle = _idle(coordinator, chief, others)
    nobody = ray.remote(num_cpus=0)(_Nobody)
    at_once = _at_once(coordinator, chief, nodes[-1])
    return Load(
        questions,
        checks,
        *idle,
        *at_once,
        _milliseconds(ray.nodes),
        _milliseconds(state.actors),
        _milliseconds(lambda: state.actors(an_actor)),
        _milliseconds(state.jobs),
        _milliseconds(lambda: ray.get_actor(COORDINATOR, namespace=NAMESPACE)),
        _milliseconds(lambda: _make_and_forget(nobody)),
        _own_mib(chief),
        statistics.mean(map(_own_mib, others)),
    )


def _idle(
    coordinator: Any, chief: psutil.Process, others: Sequence[psutil.Process]
) -> tuple[float, float, float]:
    """Give what a second has: checks, CPU milliseconds of the coordinator and of a supervisor."""
    begin, (_, before) = time.perf_counter(), _asked(coordinator)
    used, used_by_others = _cpu_s(chief), sum(map(_cpu_s, others))
    time.sleep(_IDLE_S)
    elapsed = time.perf_counter() - begin
    of_others = (sum(map(_cpu_s, others)) - used_by_others) / len(others)
    checks = _asked(coordinator)[1] - before
    return checks / elapsed, 1e3 * (_cpu_s(chief) - used) / elapsed, 1e3 * of_others / elapsed


def _at_once(coordinator: Any, chief: psutil.Process, node: str) -> tuple[float, float, int]:
    """Give the coordinator's CPU milliseconds for a question, questions a second, and its calls."""
    job_id = ray.get_runtime_context().get_job_id()
    (_, before), used, begin = _asked(coordinator), _cpu_s(chief), time.perf_counter()
    ray.get([coordinator.endpoint.remote(node, job_id) for _ in range(_QUESTIONS)])
    elapsed = time.perf_counter() - begin
    each = 1e3 * (_cpu_s(chief) - used) / _QUESTIONS
    return each, _QUESTIONS / elapsed, _asked(coordinator)[1] - before


class _Nobody:
    """An actor that is killed before it is made."""


def _make_and_forget(actor_class: Any) -> None:
    """Make a named, detached actor as the coordinator makes a supervisor: it waits so long."""
    options = {"lifetime": "detached", "get_if_exists": True, "namespace": NAMESPACE}
    ray.kill(actor_class.options(name=uuid.uuid4().hex, **options).remote())


def _asked(coordinator: Any) -> tuple[int, int]:
    questions, checks = ray.get([coordinator.questions.remote(), coordinator.checks.remote()])
    return questions, checks


def _process_of(actor: Any) -> psutil.Process:
    return psutil.Process(ray.get(actor.__ray_call__.remote(lambda _: os.getpid())))


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _own_mib(process: psutil.Process) -> float:
    return float(process.memory_full_info().uss) / 2**20


def _milliseconds(question: Callable[[], object]) -> float:
    """Give the median of several."""
    taken = []
    for _ in range(_REPETITIONS):
        begin = time.perf_counter()
        question()
        taken.append(time.perf_counter() - begin)
    return 1e3 * statistics.median(taken)
