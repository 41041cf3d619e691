"""Time transfers that are counted and traced against ones that are not, as ratios.

Two actors take turns, one of them with `RAY_ASCEND_METRICS=0` and `RAY_ASCEND_TRACE=0`, so that a
machine that speeds up or slows down does so for both. A ratio above 1 is what metrics and trace ids
cost. A cycle stores one object, receives it in the same process and frees it: three events, three
trace ids, and no Ray call in between. The last lines have the time of either alone, and its share
of the shortest cycle. Runs on whatever `yr.datasystem` is on the path.
"""

from __future__ import annotations

import statistics
import time

import ray
import torch
from ray.experimental import CommunicatorMetadata

from ray_ascend import YRTensorTransport, cleanup_yr_resources, register_yr_tensor_transport
from ray_ascend.metrics.measurement import Measurement
from ray_ascend.store.trace import Trace

ROUNDS, CYCLES, EVENTS = 15, 100, 3
SILENT = {"RAY_ASCEND_METRICS": "0", "RAY_ASCEND_TRACE": "0"}
CASES = {"1 element": 1, "64 KiB": 2**14, "1 MiB": 2**18}


@ray.remote(num_cpus=0)
class Both:
    """Source and receiver in one process."""

    def __init__(self) -> None:
        register_yr_tensor_transport(["cpu"])
        self._transport = YRTensorTransport()

    def cycle_us(self, elements: int) -> float:
        """Give the microseconds that one cycle takes, on average."""
        tensors = [torch.ones(elements)]
        begin = time.perf_counter()
        for number in range(CYCLES):
            self._cycle(str(number), tensors)
        return (time.perf_counter() - begin) / CYCLES * 1e6

    def _cycle(self, obj_id: str, tensors: list[torch.Tensor]) -> None:
        metadata = self._transport.extract_tensor_transport_metadata(obj_id, tensors)
        self._transport.recv_multiple_tensors(obj_id, metadata, CommunicatorMetadata())
        self._transport.garbage_collect(obj_id, metadata)

    def record_us(self) -> float:
        """Give the microseconds that it takes to measure and record an empty transfer."""
        begin = time.perf_counter()
        for _ in range(CYCLES):
            with Measurement("store") as measured:
                measured.moved("cpu", 4)
        return (time.perf_counter() - begin) / CYCLES * 1e6

    def trace_us(self) -> float:
        """Give the microseconds that it takes to set a trace id and to take it back."""
        begin = time.perf_counter()
        for _ in range(CYCLES):
            with Trace("7d3c5f04a1b26e98c9a8b7d6e5f40312001122330100000002000000"):
                pass
        return (time.perf_counter() - begin) / CYCLES * 1e6


def main() -> None:
    """Print one line per size: medians and their ratio; then what recording takes."""
    ray.init(num_cpus=2)
    register_yr_tensor_transport(["cpu"])
    counted = Both.remote()
    silent = Both.options(runtime_env={"env_vars": SILENT}).remote()
    print(f"{'case':<12}{'both us':>12}{'neither us':>12}{'ratio':>8}")
    shortest = float("inf")
    for name, elements in CASES.items():
        pairs = [
            tuple(ray.get(actor.cycle_us.remote(elements)) for actor in (counted, silent))
            for _ in range(ROUNDS + 1)
        ]
        one, other = (statistics.median(side) for side in zip(*pairs[1:], strict=True))
        shortest = min(shortest, other)
        print(f"{name:<12}{one:>12.1f}{other:>12.1f}{one / other:>8.3f}")
    for name, measure in {"event": counted.record_us, "trace id": counted.trace_us}.items():
        one_us = statistics.median(ray.get(measure.remote()) for _ in range(ROUNDS))
        print(f"one {name} {one_us:.2f} us, {EVENTS} of them {EVENTS * one_us / shortest:.4f}")
    cleanup_yr_resources()
    ray.shutdown()


main()
