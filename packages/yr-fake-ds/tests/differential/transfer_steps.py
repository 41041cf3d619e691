"""Takes steps with `TransferEngine`s and prints each answer as JSON; run under either SDK.

    python transfer_steps.py SEED STEPS

First what may be said of every argument, then random calls on two engines and a few addresses, so
that regions overlap, come back, and outlive their engine's life.
"""

from __future__ import annotations

import json
import random
import re
import socket
import sys
from collections.abc import Callable, Iterator
from typing import Any

from yr.datasystem import ErrorCode, Result, TransferEngine

ENDPOINTS = [
    *("", "x", "x:", ":1", "x:0", "x:y", "x:65536", "x:99999999999999999999", "[", "[x", "[x]"),
    *("[x]y", "[x]:", "[]:1", "x:1:2", "x::", "::1:31", "[::1]:31", "localhost:31", "x:+1", "x: 1"),
    *("203.0.113.7:31", "1.2.3:31", "127.0.0.01:31", "x:\u0663", b"x", b"\xff"),
]
DEVICES = [
    *("", "cpu", "npu", "npu:", "npu:x", "npu:-1", "npu:1x", "NPU:1", "npu: 1", "npu:2147483648"),
    *("npu:99999999999999999999", "npu:\u0663"),
]
NUMBERS: list[Any] = [0, 1, -1, 2**63, 2**64 - 1, 2**64, 1.5, 1.0, "1", None, True, [1]]
LISTS: list[Any] = [[], [1], (1,), [1, 1], range(1, 2), {1}, {1: 1}, "a", b"a", bytearray(b"a")]
LISTS += [None, [1.5], [-1], [0], [None], [[1]], iter([1])]
ADDRESSES = [0, 1000, 1004, 1008, 1012, 2**64 - 3]
LENGTHS = [0, 1, 2, 4, 5, 8]
CALLS = {
    "batch_register_memory": 4,
    "register_memory": 4,
    "batch_unregister_memory": 3,
    "unregister_memory": 3,
    "initialize": 3,
    "batch_transfer_sync_read": 1,
    "finalize": 1,
}
"""Calls of the walk, and how often."""


def answer(call: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    """Return what a call gives, without what differs between two processes."""
    try:
        given = call(*args, **kwargs)
    except TypeError as error:
        given = f"TypeError: {re.sub('0x[0-9a-f]+', '0x', str(error))}"
    if isinstance(given, Result):
        given = [int(given.get_code()), given.get_msg(), given.to_string(), given.is_ok()]
    return re.sub(r"(library not loaded): .*?(, file=|\")", r"\1\2", json.dumps(given))


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def arguments() -> Iterator[str]:
    """Try arguments one by one: before, during and after an engine's life."""
    engine = TransferEngine()
    yield from wrong_calls(engine)
    yield answer(engine.initialize, f"127.0.0.1:{free_port()}", "", "npu:99")
    yield from wrong_calls(engine)
    yield answer(engine.finalize)
    yield from wrong_calls(engine)
    yield answer(engine.finalize, 1)
    yield answer(TransferEngine, 1)
    yield answer(Result, x=1)
    yield repr(Result())
    yield from (f"{code!r} {int(code)}" for code in ErrorCode.__members__.values())


def wrong_calls(engine: TransferEngine) -> Iterator[str]:
    """Make calls of which most are wrong."""
    for endpoint in ENDPOINTS:
        yield answer(TransferEngine().initialize, endpoint, "ascend", "npu:0")
        yield answer(engine.transfer_sync_read, endpoint, 0, 0, 0)
    for device in DEVICES:
        yield answer(TransferEngine().initialize, "127.0.0.1:31", "ascend", device)
    for number in NUMBERS:
        yield answer(engine.unregister_memory, number)
        yield answer(engine.register_memory, 4096, length=number)
        yield answer(engine.transfer_sync_read, "x:1", 1, 1, number)
        yield answer(engine.transfer_sync_read, "x:1", number, 0, 0)
    for values in LISTS:
        yield answer(engine.batch_unregister_memory, values)
        yield answer(engine.batch_register_memory, values, [1])
        yield answer(engine.batch_transfer_sync_read, "x:1", values, [0], [0])


def walk(seed: int, steps: int) -> Iterator[str]:
    """Make random calls on two engines."""
    choose = random.Random(seed)  # noqa: S311 - to be repeatable
    engines, ports = [TransferEngine(), TransferEngine()], [free_port(), free_port()]
    for _step in range(steps):
        name, weights = list(CALLS), list(CALLS.values())
        (chosen,) = choose.choices(name, weights)
        engine = choose.choice(engines)
        yield answer(getattr(engine, chosen), *chosen_arguments(choose, chosen, ports))
        yield str(engine.get_rpc_port() == -1)
    for engine in engines:
        engine.finalize()


def chosen_arguments(choose: random.Random, call: str, ports: list[int]) -> list[Any]:
    """Choose arguments of a call, mostly right ones."""
    count = choose.randint(1, 3)
    addresses, lengths = choose.choices(ADDRESSES, k=count), choose.choices(LENGTHS, k=count)
    every: dict[str, list[Any]] = {
        "batch_register_memory": [addresses, lengths],
        "register_memory": [addresses[0], lengths[0]],
        "batch_unregister_memory": [addresses],
        "unregister_memory": [addresses[0]],
        "initialize": [f"127.0.0.1:{choose.choice(ports)}", "", f"npu:{choose.randint(0, 1)}"],
        "batch_transfer_sync_read": ["127.0.0.1:1", addresses, addresses, lengths],
        "finalize": [],
    }
    return every[call]


if __name__ == "__main__":
    chosen_seed, count = map(int, sys.argv[1:])
    for line in [*arguments(), *walk(chosen_seed, count)]:
        sys.stdout.write(line + "\n")
