"""Where the tensors of an object land in the receiver, and what happens to late ones.

They land in fresh memory and are copied into the user's target buffers there: a copy that was given
up may still write, and must not do that into memory that the user has gone on with.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ray_ascend.npu.dense import empty_on
from ray_ascend.npu.identity import npu_module
from ray_ascend.npu.streams import at_rest, wait_for_work
from ray_ascend.objects.specs import TensorSpec
from ray_ascend.store.npu_client import Arrival
from ray_ascend.store.process_state import of_process


class LateArrivals:
    """Memory that a copy may still write into although nobody waits for it any more."""

    def __init__(self) -> None:
        # Reentrant: a fetch dropped inside a locked section gives up its copy at once.
        self._lock = threading.RLock()
        self._unfinished: list[tuple[Arrival, list[torch.Tensor]]] = []

    def keep(self, arrival: Arrival, memory: list[torch.Tensor]) -> None:
        """Keep the memory of a copy until that has ended."""
        with self._lock:
            self._unfinished.append((arrival, memory))

    def are_there(self) -> bool:
        """Let go of what has ended, and tell whether something has not."""
        with self._lock:
            self._unfinished[:] = [one for one in self._unfinished if not one[0].has_ended()]
            return bool(self._unfinished)


@dataclass(frozen=True)
class Landing:
    """The memory that the datasystem writes into; made for one attempt."""

    tensors: list[torch.Tensor]
    specs: Sequence[TensorSpec]

    @classmethod
    def for_all(cls, objects: Sequence[Sequence[TensorSpec]]) -> list[Landing]:
        """Allocate on the current NPU; whatever used the memory before has ended then."""
        if not objects:
            return []
        index = npu_module().current_device()
        landings = [cls([empty_on(spec, index) for spec in specs], specs) for specs in objects]
        wait_for_work(index)
        # Fresh memory is ordered on the current stream.
        npu_module().current_stream().synchronize()
        return landings

    def finish(
        self, targets: Sequence[torch.Tensor] | None, places: Sequence[int] = ()
    ) -> list[torch.Tensor]:
        """Give the user's tensors, all filled: the targets, or these, moved to `places` if given.

        Who passes targets has made sure that nothing uses them, and waits for the copies.
        """
        if targets is None:
            return self._moved_to(places)
        with torch.no_grad():
            for target, tensor in zip(targets, self.tensors, strict=True):
                target.copy_(tensor)
        return list(targets)

    def _moved_to(self, places: Sequence[int]) -> list[torch.Tensor]:
        tensors = self.tensors
        if places:
            pairs = zip(self.specs, places, strict=True)
            tensors = [empty_on(spec, place) for spec, place in pairs]
            with at_rest(tensors):
                for tensor, landed in zip(tensors, self.tensors, strict=True):
                    tensor.copy_(landed)
        for tensor, spec in zip(tensors, self.specs, strict=True):
            tensor.requires_grad_(spec.requires_grad)
        return tensors

    def keep_until_ended(self, arrival: Arrival) -> None:
        """Keep the memory of a copy that nobody waits for any more, if it has not ended yet."""
        if not arrival.has_ended():
            of_process(LateArrivals).keep(arrival, self.tensors)


def are_late() -> bool:
    """Tell whether a copy that was given up is still under way.

    The client of openyuanrong-datasystem 0.8.1 receives in one thread, which a source that died
    occupies for up to 60 s.
    """
    return of_process(LateArrivals).are_there()
