"""XFER-STREAM: whatever stream a tensor is worked on, what arrives is what was written.

The work is queued behind half a second of nothing where that can be arranged (yr-fake-cann).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ray
import torch
from ray.experimental import set_target_for_ref

from yr_conformance.transfer.clauses import MUST, ON_STREAMS, clause
from yr_conformance.transfer.fingerprint import fingerprint
from yr_conformance.transfer.payloads import SENTINEL, ramp
from yr_conformance.transfer.peer import observed
from yr_conformance.transfer.slow_streams import after_all_work, device_module, write_later

SIZE = 4_000_000
"""Elements; memory of so many bytes is the first choice for the next tensor of that size."""
SOURCE = "Ray RDT: the NIXL transport waits for all streams of a device (2.60)"


@ON_STREAMS
@clause("XFER-STREAM-01", MUST, source=SOURCE)
def test_a_tensor_written_on_another_stream(slow_peer: Any, receiver: Any) -> None:
    """A tensor whose last write was queued on a stream of the user's own arrives as written."""
    reference = slow_peer.make.remote(_written_on_another_stream)

    assert observed(receiver, reference) == fingerprint(ramp(SIZE))


@ON_STREAMS
@clause("XFER-STREAM-02", MUST, source=SOURCE)
def test_a_view_written_on_another_stream(slow_peer: Any, receiver: Any) -> None:
    """The same holds for a tensor that is not contiguous."""
    reference = slow_peer.make.remote(_every_second_written_on_another_stream)

    assert observed(receiver, reference) == fingerprint(ramp(SIZE)[::2])


@ON_STREAMS
@clause("XFER-STREAM-03", MUST, source="design: memory is written when nothing else writes it")
def test_a_target_in_use_on_another_stream(sender: Any, slow_peer: Any) -> None:
    """A target that an earlier operation of another stream still writes has the object's values."""
    seen = _received(sender, slow_peer, _get_into_a_busy_target)

    assert seen == fingerprint(ramp(SIZE))


@ON_STREAMS
@clause("XFER-STREAM-04", MUST, source="design: memory is written when nothing else writes it")
def test_fresh_memory_in_use_on_another_stream(sender: Any, slow_peer: Any) -> None:
    """Memory that was freed while another stream still writes it is not received into."""
    seen = _received(sender, slow_peer, _get_beside_freed_memory)

    assert seen == fingerprint(ramp(SIZE))


def _received(sender: Any, slow_peer: Any, get: Callable[[list[Any]], Any]) -> Any:
    reference = sender.make.remote(ramp, SIZE)
    # Ray refuses to pass a reference inside a list before its metadata are known.
    ray.get(reference)
    return ray.get(slow_peer.apply.remote(get, [reference]))


def _written_on_another_stream() -> torch.Tensor:
    tensor, values = torch.full((SIZE,), SENTINEL), ramp(SIZE)
    device_module().synchronize()
    with device_module().stream(device_module().Stream()):
        tensor.copy_(values)
    return tensor


def _every_second_written_on_another_stream() -> torch.Tensor:
    return _written_on_another_stream()[::2]


def _get_into_a_busy_target(references: list[Any]) -> Any:
    target = torch.full((SIZE,), 0.0)
    device_module().synchronize()
    in_use = write_later(target)
    set_target_for_ref(references[0], [target])
    ray.get(references[0])
    return after_all_work(target, in_use)


def _get_beside_freed_memory(references: list[Any]) -> Any:
    freed = torch.full((SIZE,), 0.0)
    device_module().synchronize()
    in_use = write_later(freed)
    del freed
    return after_all_work(ray.get(references[0]), in_use)
