"""Parallel clients of both systems: what they were told is as if their calls had an order."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest
from known_differences import load
from linearizability import Call, is_linearizable, relaxed
from night import is_night
from sdk_process import SdkProcess

CLIENT = str(Path(__file__).with_name("history_client.py"))
CALLS = ("set", "set", "get", "get", "get", "exist", "delete", "add")
KEYS, CALLS_EACH = 3, 40
CLIENTS = (0, 0, 0, 1)
"""The worker of each client: the last one is far."""
ENDS_WITHIN_S = 120


def record(python: str, side: SdkProcess, seed: int) -> dict[str, list[tuple[Call, int]]]:
    """Let all clients call at the same time; gives calls and their worker by key."""
    choose = random.Random(seed)  # noqa: S311 - to be repeatable
    prefix = f"{os.getpid()}-h{seed}-"
    processes = [_start(python, side, side.ports[worker]) for worker in CLIENTS]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for number, process in enumerate(processes):
        assert process.stdin is not None
        process.stdin.write(json.dumps(_program(choose, prefix, number)) + "\n")
        process.stdin.flush()
    found: dict[str, list[tuple[Call, int]]] = defaultdict(list)
    for worker, process in zip(CLIENTS, processes, strict=True):
        output, errors = process.communicate(timeout=ENDS_WITHIN_S)
        assert process.returncode == 0, errors
        for begin, end, what, key, argument, result in json.loads(output):
            found[key].append((Call(begin, end, what, argument, result), worker))
    return found


def _start(python: str, side: SdkProcess, port: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [python, CLIENT, str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=side.environ,
    )


def _program(choose: random.Random, prefix: str, client: int) -> list[list[str]]:
    """Every value is set once, so that a read tells who wrote it."""
    return [
        [choose.choice(CALLS), f"{prefix}{choose.randrange(KEYS)}", f"{client}-{number}"]
        for number in range(CALLS_EACH)
    ]


def _seeds() -> Sequence[int]:
    return range(100 if is_night() else 2)


@pytest.mark.parametrize("seed", _seeds())
def test_the_fake_s_calls_have_an_order(seed: int, fake_stage: SdkProcess) -> None:
    """On two workers, without any late reader."""
    for key, calls in record(sys.executable, fake_stage, seed).items():
        assert is_linearizable([call for call, _ in calls]), (key, calls)


@pytest.mark.long
@pytest.mark.parametrize("seed", _seeds())
def test_the_released_one_s_calls_have_an_order(
    seed: int, real_stage: SdkProcess, real_python: str
) -> None:
    """But for readers at another worker, which may be late as the known difference says."""
    window_s = load()["stale-reads"].window_s
    for key, calls in record(real_python, real_stage, seed).items():
        far = [number for number, (_, worker) in enumerate(calls) if worker]
        near = [number for number, (_, worker) in enumerate(calls) if not worker]
        history = relaxed([call for call, _ in calls], window_s, [*near, *far])
        assert is_linearizable(history), (key, calls)
