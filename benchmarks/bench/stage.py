"""A stage: the process with a Ray cluster of its own that does what the harness asks of it.

    harness --{"contender": ..., "work": ...}--> stage
            <--{"figure": ...} or {"reason": ...}--

Started by `stages.py` with the address of a socket and the stage's name.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
from collections.abc import Iterator, Mapping
from multiprocessing.connection import Client, Connection
from typing import Any, Final

import ray

from bench import registration
from bench.contenders import contender
from bench.profiled import Profiler
from bench.transfers import Turns
from bench.works import work

_STORE_BYTES: Final = {"ray": 5 << 30}
_SMALL_STORE_BYTES: Final = 200 << 20
_WORKER_MIB: Final = 5120
_REASON_LENGTH: Final = 200


def serve(address: str, stage: str) -> None:
    """Take turns until the harness hangs up."""
    with Client(address, "AF_UNIX") as harness, cluster(stage):
        turns, profiler = Turns(), Profiler()
        harness.send_bytes(b"{}")
        with contextlib.suppress(EOFError):
            while True:
                _answer(harness, turns, profiler, json.loads(harness.recv_bytes()))


def _answer(
    harness: Connection, turns: Turns, profiler: Profiler, question: dict[str, Any]
) -> None:
    reply: dict[str, Any] = {}
    try:
        reply = _done(turns, profiler, question)
    except Exception as error:  # whatever a contender raises is why it has no figure
        reply["reason"] = _reason(error)
    harness.send_bytes(json.dumps(reply).encode())


def _done(turns: Turns, profiler: Profiler, question: dict[str, Any]) -> dict[str, Any]:
    if "contender" not in question:
        turns.leave()
        return {}
    asked = work(question["work"])
    one = contender(question["contender"])
    if "profile" in question:
        return profiler.profile(one, asked, int(question["profile"]))
    if "pids" in question:
        return {"pids": turns.processes(one)}
    if "seconds" in question:
        return {"turns": turns.repeat(one, asked, float(question["seconds"]))}
    return {"figure": turns.take(one, asked)}


def _reason(error: Exception) -> str:
    cause = getattr(error, "cause", None) or error
    first = next((line for line in str(cause).splitlines() if line.strip()), "")
    name = "" if type(cause).__name__ == "CannotRunError" else f"{type(cause).__name__}: "
    return (name + first)[:_REASON_LENGTH]


@contextlib.contextmanager
def cluster(stage: str, resources: Mapping[str, float] | None = None) -> Iterator[None]:
    """Have a Ray cluster and the datasystem of a stage for as long as the block takes."""
    os.environ.setdefault("YR_DS_WORKER_PORT", str(_free_port()))
    os.environ.setdefault("YR_DS_METASTORE_PORT", str(_free_port()))
    os.environ.setdefault("YR_DS_WORKER_ARGS", f"--shared_memory_size_mb {_WORKER_MIB}")
    ray.init(
        address="local",
        num_cpus=2,
        resources=dict(resources or {}),
        include_dashboard=False,
        object_store_memory=_STORE_BYTES.get(stage, _SMALL_STORE_BYTES),
        logging_level="warning",
        log_to_driver=False,
    )
    try:
        yield
    finally:
        registration.clean_up(stage)
        ray.shutdown()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


if __name__ == "__main__":
    serve(*sys.argv[1:])
