"""What a transfer from one emulated NPU to another takes: calls of the SDK, and copies by torch.

Started by the harness, as `yr-fake-cann run --npus 2 -- python -m bench.npu_counts`. The emulator
says nothing about speed, so nothing is timed. Calls and copies are counted by the conformance
suite's own means.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import Any, Final

import ray
import torch

from bench import stage
from bench.works import KIB, MIB
from yr_conformance.transfer.call_journal import calls_for_new_objects, start_journal
from yr_conformance.transfer.copy_counter import CopyCounter

_SIZES: Final = {
    "1 element": (1, 1),
    "64 MiB": (1, 64 * MIB // 4),
    "1,000 x 32 KiB": (1000, 32 * KIB // 4),
}
_ANSWER_S: Final = 100.0
_PAUSE_S: Final = 0.02


class NpuPeer:
    """A source or a receiver with an NPU of its own; counts what it does."""

    def make(self, count: int, elements: int) -> list[torch.Tensor]:
        """Give new tensors on the NPU."""
        return [torch.ones(elements, device="npu") for _ in range(count)]

    def begin(self) -> None:
        """Forget what was counted."""
        start_journal()

    def counted(self) -> dict[str, int]:
        """Give the calls since `begin`."""
        return dict(Counter(call.name for call in calls_for_new_objects()))

    def receive(self, references: list[Any]) -> dict[str, int]:
        """Receive one object; give the calls and the bytes that torch has copied."""
        start_journal()
        copies = CopyCounter()
        copies.start()
        ray.get(references[0])
        copies.stop()
        return {**self.counted(), "bytes copied by torch": copies.copied_bytes}


def count() -> dict[str, dict[str, int]]:
    """Give what was counted in each of the two processes, by size."""
    kind = ray.remote(num_cpus=0, resources={"NPU": 1}, enable_tensor_transport=True)(NpuPeer)
    source, receiver = kind.remote(), kind.remote()
    return {name: _counted(source, receiver, *size) for name, size in _SIZES.items()}


def _counted(source: Any, receiver: Any, number: int, elements: int) -> dict[str, int]:
    make = source.make.options(tensor_transport="YR")
    # A process that receives for the first time asks a question more.
    for _ in range(2):
        _answer(source.begin.remote())
        reference = make.remote(number, elements)
        received = _answer(_passed_on(receiver, reference))
        sent = _answer(source.counted.remote())
    return {
        **{f"source: {name}": calls for name, calls in sent.items()},
        **{f"receiver: {name}": calls for name, calls in received.items()},
    }


def _passed_on(receiver: Any, reference: Any) -> Any:
    """Let it receive, as soon as Ray has heard from the source what it will be."""
    deadline = time.monotonic() + _ANSWER_S
    while True:
        try:
            return receiver.receive.remote([reference])
        except NotImplementedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE_S)


def _answer(reference: Any) -> Any:
    return ray.get(reference, timeout=_ANSWER_S)


def main() -> None:
    """Print what was counted, as JSON in the last line."""
    import ray_ascend

    with stage.cluster("released", resources={"NPU": 2}):
        ray_ascend.register_yr_tensor_transport(["npu", "cpu"])
        found = count()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
