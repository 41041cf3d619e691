"""Time an actor-to-actor transfer by the transport and by Ray's object store, as ratios.

The two take turns, so that a machine that speeds up or slows down does so for both. A ratio above 1
means that the transport is slower. Runs on whatever `yr.datasystem` is on the path.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import ray
import torch

from ray_ascend import cleanup_yr_resources, register_yr_tensor_transport

ROUNDS = 15
CASES = {
    "1 element": (1, 1),
    "1 MiB": (1, 2**18),
    "64 MiB": (1, 2**24),
    "1000 x 32 KiB": (1000, 2**13),
}

ray.init(num_cpus=2)
register_yr_tensor_transport(["cpu"])


@ray.remote(enable_tensor_transport=True)
class Peer:
    """Makes tensors for one route or the other, and reads one element of each that arrives."""

    def __init__(self) -> None:
        register_yr_tensor_transport(["cpu"])

    def plain(self, count: int, elements: int) -> list[torch.Tensor]:
        """Return tensors through the object store."""
        return [torch.ones(elements) for _ in range(count)]

    @ray.method(tensor_transport="YR")
    def direct(self, count: int, elements: int) -> list[torch.Tensor]:
        """Return tensors through the transport."""
        return [torch.ones(elements) for _ in range(count)]

    def consume(self, tensors: list[torch.Tensor]) -> float:
        """Touch every tensor that arrived."""
        return sum(float(tensor[-1]) for tensor in tensors)


def milliseconds(transfer: Callable[[], None]) -> float:
    """Time one transfer."""
    begin = time.perf_counter()
    transfer()
    return (time.perf_counter() - begin) * 1000


def main() -> None:
    """Print one line per case: medians and their ratio."""
    source, target = Peer.remote(), Peer.remote()
    print(f"{'case':<16}{'store ms':>10}{'YR ms':>10}{'YR/store':>10}")
    for name, (count, elements) in CASES.items():

        def by_store(count: int = count, elements: int = elements) -> None:
            ray.get(target.consume.remote(source.plain.remote(count, elements)))

        def by_transport(count: int = count, elements: int = elements) -> None:
            ray.get(target.consume.remote(source.direct.remote(count, elements)))

        by_store(), by_transport()
        pairs = [(milliseconds(by_store), milliseconds(by_transport)) for _ in range(ROUNDS)]
        store, direct = (statistics.median(side) for side in zip(*pairs, strict=True))
        print(f"{name:<16}{store:>10.2f}{direct:>10.2f}{direct / store:>10.2f}", flush=True)


main()
cleanup_yr_resources()
ray.shutdown()
