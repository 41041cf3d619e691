"""Time the emulated NPU against plain CPU tensors, in one run, as ratios.

Each side lives in processes of its own, which take turns: this script again, with the name of a
side. A ratio above 1 means that the emulated NPU is slower. It says nothing about real NPUs.
"""

from __future__ import annotations

import json
import resource
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

ROUNDS = 3
SIDES = {"cpu": [], "npu": ["yr-fake-cann", "run", "--npus", "2", "--"]}
MEGABYTES = 64


def main() -> None:
    """Measure both sides in turns and print a table."""
    rounds = [{side: _measured(side) for side in SIDES} for _ in range(ROUNDS)]
    print(f"{'':<28}{'cpu':>12}{'npu':>12}{'ratio':>8}")
    for name in rounds[0]["cpu"]:
        cpu, npu = (statistics.median(one[side][name] for one in rounds) for side in SIDES)
        print(f"{name:<28}{cpu:>12.3f}{npu:>12.3f}{npu / cpu:>8.2f}")


def measure(device: str) -> dict[str, float]:
    """Measure in this process; milliseconds, and megabytes of memory."""
    begin = time.perf_counter()
    import torch

    if device == "npu":
        import torch_npu  # noqa: F401 - registers the device
    found = {"import (ms)": 1000 * (time.perf_counter() - begin)}
    small = torch.ones(8, device=device)
    host = torch.ones(MEGABYTES << 18)
    large = host.to(device, copy=True)
    second = "npu:1" if device == "npu" else "cpu"
    operations: dict[str, Callable[[], Any]] = {
        "add, 8 elements (ms)": lambda: small + small,
        f"sum, {MEGABYTES} MB (ms)": large.sum,
        f"host to device, {MEGABYTES} MB (ms)": lambda: large.copy_(host),
        f"device to host, {MEGABYTES} MB (ms)": lambda: host.copy_(large),
        f"device to device, {MEGABYTES} MB (ms)": lambda: large.to(second, copy=True),
    }
    for name, operation in operations.items():
        found[name] = _milliseconds(operation)
    found[f"between processes, {MEGABYTES} MB (ms)"] = _between_processes(device)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {**found, "peak memory (MB)": peak / 1024}


def serve(device: str, port: str) -> None:
    """Receive tensors by torch.distributed and answer each with its first element."""
    import torch.distributed as dist

    _join(device, 1, port)
    tensor = _payload(device, 1)
    for _ in range(6):
        dist.recv(tensor, 0)
        dist.send(tensor[:1].clone(), 0)


def _between_processes(device: str) -> float:
    import torch.distributed as dist

    port = _free_port()
    partner = subprocess.Popen([sys.executable, __file__, device, port])
    _join(device, 0, port)
    tensor = _payload(device, 0)
    answer = tensor[:1].clone()

    def once() -> None:
        dist.send(tensor, 1)
        dist.recv(answer, 1)
        answer.cpu()

    once()
    times = [_milliseconds(once, repeats=1) for _ in range(5)]
    dist.destroy_process_group()
    partner.wait()
    return statistics.median(times)


def _payload(device: str, rank: int) -> Any:
    import torch

    where = f"npu:{rank}" if device == "npu" else "cpu"
    return torch.ones(MEGABYTES << 18, device=where)


def _join(device: str, rank: int, port: str) -> None:
    import torch.distributed as dist

    if device == "npu":
        import torch_npu

        torch_npu.npu.set_device(rank)
    backend = "hccl" if device == "npu" else "gloo"
    store = f"tcp://127.0.0.1:{port}"
    dist.init_process_group(backend, init_method=store, rank=rank, world_size=2)


def _free_port() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


def _milliseconds(operation: Callable[[], Any], repeats: int = 20) -> float:
    if repeats > 1:
        operation()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        operation()
        times.append(time.perf_counter() - begin)
    return 1000 * statistics.median(times)


def _measured(side: str) -> dict[str, float]:
    done = subprocess.run(
        [*SIDES[side], sys.executable, "-W", "ignore", __file__, side],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    elif len(sys.argv) == 2:
        print(json.dumps(measure(sys.argv[1])))
    else:
        serve(sys.argv[1], sys.argv[2])
