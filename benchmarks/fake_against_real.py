"""Time SDK calls on the fake and on the released datasystem, in one run, as ratios.

Each SDK lives in a process of its own (this script again, with an address), because a process can
use only one of them; the two take turns. A ratio above 1 means that the fake is slower.
"""

from __future__ import annotations

import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

ROUNDS = 5
REPEATS = 50
SIZES = {"1 KiB": 2**10, "1 MiB": 2**20, "16 MiB": 2**24}
ACTIVATIONS = {"fake": ["yr-fake-ds", "run", "--"], "real": []}


def main() -> None:
    """Start both workers, measure in turns, print a table, stop both."""
    with tempfile.TemporaryDirectory(prefix="fr-", dir="/tmp") as home:
        addresses = {name: _start(name, f"{home}/{name}") for name in ACTIVATIONS}
        try:
            _print_table(
                [{n: _measured(n, addresses[n]) for n in addresses} for _ in range(ROUNDS)]
            )
        finally:
            for name, address in addresses.items():
                _run(name, "dscli", "stop", "--worker_address", address)


def measure(address: str) -> dict[str, float]:
    """Measure in this process: microseconds per call, median of the repeats."""
    from yr.datasystem import KVClient

    host, port = address.split(":")
    client = KVClient(host, int(port), connect_timeout_ms=5000, req_timeout_ms=5000)
    client.init()
    results = {}
    for name, size in SIZES.items():
        for call, operation in _operations(client, size).items():
            results[f"{call} {name}"] = _microseconds(operation)
        client.delete(["bench"])
    return results


def _operations(client: Any, size: int) -> dict[str, Callable[[], Any]]:
    value = bytes(size)

    def publish() -> None:
        buffer = client.mcreate(["bench:buffer"], [size])
        buffer[0].MutableData()[:] = value
        client.mset_buffer(buffer)
        client.delete(["bench:buffer"])

    return {
        "set": lambda: client.set("bench", value),
        "exist": lambda: client.exist(["bench"]),
        "get": lambda: client.get(["bench"]),
        "get_buffers": lambda: client.get_buffers(["bench"]),
        "mcreate+mset_buffer+delete": publish,
    }


def _microseconds(operation: Callable[[], Any]) -> float:
    times = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        operation()
        times.append((time.perf_counter() - begin) * 1e6)
    return statistics.median(times)


def _start(name: str, home: str) -> str:
    worker, metastore = _free_port(), _free_port()
    address = f"127.0.0.1:{worker}"
    options = ["--metastore_address", f"127.0.0.1:{metastore}", "--start_metastore_service", "true"]
    options += ["--shared_memory_size_mb", "512", "--arena_per_tenant", "1"]
    _run(name, "dscli", "start", "-d", home, "-w", "--worker_address", address, *options)
    return address


def _measured(name: str, address: str) -> dict[str, float]:
    results: dict[str, float] = json.loads(_run(name, sys.executable, __file__, address))
    return results


def _run(name: str, *command: str) -> str:
    activated = [*ACTIVATIONS[name], *command]
    finished = subprocess.run(activated, check=True, stdout=subprocess.PIPE, text=True)
    return finished.stdout


def _print_table(rounds: list[dict[str, dict[str, float]]]) -> None:
    print(f"{'call':<36}{'fake us':>10}{'real us':>10}{'fake/real':>10}")
    for call in rounds[0]["fake"]:
        fake, real = (statistics.median(r[name][call] for r in rounds) for name in ACTIVATIONS)
        print(f"{call:<36}{fake:>10.0f}{real:>10.0f}{fake / real:>10.2f}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1])))
    else:
        main()
