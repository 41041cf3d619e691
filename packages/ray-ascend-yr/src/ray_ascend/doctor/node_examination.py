"""What a Ray task finds out about the worker of the node on which it runs."""

from __future__ import annotations

import dataclasses
import os

import psutil

from ray_ascend.backend.hidden_values import without_secrets
from ray_ascend.backend.worker_log import log_path
from ray_ascend.doctor.child import run_probe
from ray_ascend.doctor.finding import Finding
from ray_ascend.store.endpoint import WorkerEndpoint

_PROBE_TIMEOUT_S = 20.0
_LOG_LINES = 10
_LOG_BYTES = 16384
_DEAD, _STOPPED = "dead", "stopped by a signal"
_ADVICE = {
    _DEAD: "it is started again when a process on its node next needs it",
    _STOPPED: "run on its node: kill -CONT with the number of the process",
}


def examine(endpoint: WorkerEndpoint) -> Finding:
    """Look at the process and ask the worker; called on its node, where its files are."""
    details = dataclasses.asdict(endpoint)
    name = f"worker {endpoint.address}"
    who = f"process {endpoint.pid}, node {endpoint.node_id[:12]}"
    if problem := _why_not_running(endpoint):
        text, advice = f"{who}: {problem}", _ADVICE[problem]
        return Finding(name, "error", text, advice, details, last_log_lines(endpoint.home))
    *_, answer = run_probe("worker", [endpoint.host, str(endpoint.port)], _PROBE_TIMEOUT_S)
    text = f"{who}: alive, {answer.text}"
    if answer.state == "ok":
        return Finding(name, "ok", text, details=details)
    advice = "see its log; it is replaced when it ends (kill it), all that is in it is lost then"
    return Finding(
        name, "error", text, answer.advice or advice, details, last_log_lines(endpoint.home)
    )


def last_log_lines(home: str) -> tuple[str, ...]:
    """Give the last lines of the worker's log: its errors, if there are any."""
    try:
        with open(log_path(home), "rb") as log:
            log.seek(max(0, os.fstat(log.fileno()).st_size - _LOG_BYTES))
            text = log.read().decode(errors="replace")
    except OSError as error:
        return (f"no log: {error}",)
    lines = [line for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "| E |" in line]
    # At its lowest level a worker logs its flags with their values.
    return tuple(without_secrets(line) for line in (errors or lines)[-_LOG_LINES:])


def _why_not_running(endpoint: WorkerEndpoint) -> str:
    try:
        process = psutil.Process(endpoint.pid)
        # The number of a dead one may belong to another process by now.
        if not any(endpoint.home in word for word in process.cmdline()):
            return _DEAD
        return _STOPPED if process.status() == psutil.STATUS_STOPPED else ""
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return _DEAD
