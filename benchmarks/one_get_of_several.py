"""Time one `ray.get` of several objects against one for each, as ratios.

The two take turns, so that a machine that speeds up or slows down does so for both. A ratio below
1 is what it saves to begin all transfers before one is waited for. Runs on whatever `yr.datasystem`
is on the path; where torch sees NPUs, one for the driver and one for each source, on them too.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import ray
import torch

from ray_ascend import cleanup_yr_resources, register_yr_tensor_transport

ROUNDS, SOURCES, OBJECTS = 15, 2, 8
CASES = {"1 element": 1, "64 KiB": 2**14, "1 MiB": 2**18, "16 MiB": 2**22}
DEVICES = ["npu", "cpu"] if hasattr(torch, "npu") and torch.npu.is_available() else ["cpu"]


@ray.remote(enable_tensor_transport=True)
class Source:
    """Makes tensors on one kind of device."""

    def __init__(self, device: str) -> None:
        register_yr_tensor_transport(DEVICES)
        self._device = device

    @ray.method(tensor_transport="YR")
    def make(self, elements: int) -> torch.Tensor:
        """Return a tensor."""
        return torch.ones(elements, device=self._device)


def milliseconds(transfer: Callable[[], object]) -> float:
    """Time one transfer."""
    begin = time.perf_counter()
    transfer()
    return (time.perf_counter() - begin) * 1000


def ratio(references: list[Any]) -> tuple[float, float]:
    """Give the medians of the time for one get, and of that for several."""

    def alone() -> list[Any]:
        return [ray.get(reference) for reference in references]

    def together() -> list[Any]:
        return list(ray.get(references))

    alone(), together()
    pairs = [(milliseconds(together), milliseconds(alone)) for _ in range(ROUNDS)]
    one, several = (statistics.median(side) for side in zip(*pairs, strict=True))
    return one, several


def main() -> None:
    """Print one line per device and size: medians and their ratio."""
    npus = torch.npu.device_count() if "npu" in DEVICES else 0
    ray.init(num_cpus=2, resources={"NPU": npus} if npus else None)
    if npus:
        torch.npu.set_device(npus - 1)
    register_yr_tensor_transport(DEVICES)
    print(f"{OBJECTS} objects of {SOURCES} actors")
    print(f"{'case':<16}{'alone ms':>10}{'one get ms':>12}{'ratio':>8}")
    for device in DEVICES:
        resources = {"NPU": 1} if device == "npu" else {}
        kind = Source.options(num_cpus=0, resources=resources)
        sources = [kind.remote(device) for _ in range(SOURCES)]
        for name, elements in CASES.items():
            references = [sources[n % SOURCES].make.remote(elements) for n in range(OBJECTS)]
            one, several = ratio(references)
            print(f"{device + ' ' + name:<16}{several:>10.2f}{one:>12.2f}{one / several:>8.2f}")
    cleanup_yr_resources()
    ray.shutdown()


main()
