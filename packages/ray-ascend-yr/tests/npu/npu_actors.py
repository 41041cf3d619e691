"""Actors with an NPU each; `apply` runs any function of the test in them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ray
import torch
from ray.util import collective

from ray_ascend import register_hccl_tensor_transport, register_yr_tensor_transport
from ray_ascend.store.npu_client import NpuClient

CALLS = ("publish", "subscribe", "withdraw")
DTYPES = (
    torch.bool,
    torch.uint8,
    torch.int8,
    torch.int16,
    torch.int32,
    torch.int64,
    torch.float16,
    torch.bfloat16,
    torch.float32,
    torch.float64,
    torch.complex64,
    torch.float8_e4m3fn,
    torch.float8_e5m2,
)


class Counts:
    """How often this process called the device part of the datasystem."""

    calls: dict[str, int]

    @classmethod
    def begin(cls) -> None:
        """Count from now on, from zero."""
        if not hasattr(cls, "calls"):
            for name in CALLS:
                setattr(NpuClient, name, cls._counting(name, getattr(NpuClient, name)))
        cls.calls = dict.fromkeys(CALLS, 0)

    @classmethod
    def read(cls) -> dict[str, int]:
        """Give what was called since then."""
        return {name: count for name, count in cls.calls.items() if count}

    @classmethod
    def _counting(cls, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:
            cls.calls[name] += 1
            return method(*arguments)

        return counted


def new_peer(npus: int = 1) -> Any:
    """Start an actor; `make` and `hand` return what a function returns, through a transport."""
    register_hccl_tensor_transport()

    @ray.remote(num_cpus=0, resources={"NPU": npus} if npus else {})
    class Peer:
        def __init__(self) -> None:
            register_yr_tensor_transport(["npu", "cpu"])

        @ray.method(tensor_transport="YR")
        def make(self, function: Callable[..., Any], *arguments: Any) -> Any:
            return function(*arguments)

        @ray.method(tensor_transport="hccl")
        def hand(self, function: Callable[..., Any], *arguments: Any) -> Any:
            return function(*arguments)

        def apply(self, function: Callable[..., Any], *arguments: Any) -> Any:
            return function(*arguments)

    peer: Any = Peer.remote()  # type: ignore[attr-defined]  # added by the decorator
    return peer


def new_putter() -> Any:
    """Start an actor that has no method of a transport, and offers objects by `ray.put`."""

    @ray.remote(num_cpus=0, resources={"NPU": 1})
    class Putter:
        def __init__(self) -> None:
            register_yr_tensor_transport(["npu", "cpu"])

        def put(self, function: Callable[..., Any], *arguments: Any) -> list[Any]:
            return [ray.put(function(*arguments), _tensor_transport="YR")]

    putter: Any = Putter.remote()  # type: ignore[attr-defined]  # added by the decorator
    return putter


def ramp(count: int) -> torch.Tensor:
    """Make `count` different numbers on the NPU."""
    return torch.arange(float(count), device="npu")


def two(value: float) -> torch.Tensor:
    """Make a tensor of two such numbers."""
    return torch.full((2,), value, device="npu")


def of_every_kind() -> dict[str, Any]:
    """Make tensors of every dtype and shape among ordinary values."""
    base = torch.arange(24).view(2, 3, 4)
    kinds: dict[str, Any] = {str(dtype): base.to(dtype).to("npu") for dtype in DTYPES}
    strided = ramp(24).view(4, 6)
    conjugated = torch.tensor([1 + 2j, 3 - 4j]).to("npu").conj()
    twice = ramp(5)
    return {
        **kinds,
        "scalar": torch.tensor(7.0).to("npu"),
        "empty": torch.zeros(3, 0, device="npu"),
        "transposed": strided.t(),
        "sliced": strided[1::2, 2:5],
        "conjugated": conjugated,
        "twice": [twice, twice],
        "number": 3,
        "grad": ramp(4).requires_grad_(),
    }


def many(count: int) -> list[torch.Tensor]:
    """Make so many small tensors."""
    return [torch.full((3,), float(n), device="npu") for n in range(count)]


def on_host(value: Any) -> Any:
    """Describe tensors, in dicts and lists: where they are, what they are, and their bytes."""
    if isinstance(value, torch.Tensor):
        flat = value.detach().resolve_conj().cpu().contiguous().reshape(-1)
        kind = (value.device.type, value.requires_grad, str(value.dtype), tuple(value.shape))
        return kind, flat.view(torch.uint8).tolist()
    if isinstance(value, dict):
        return {name: on_host(one) for name, one in value.items()}
    return [on_host(one) for one in value] if isinstance(value, list) else value


def total(value: Any) -> float:
    """Add up a tensor."""
    return float(value.sum())


def overwrite(value: torch.Tensor) -> None:
    """Do to a received tensor what its owner may."""
    value.fill_(-1)


def used_memory() -> int:
    """Bytes of tensors on this process's NPU."""
    import gc

    import torch_npu

    gc.collect()
    return int(torch_npu.npu.memory_allocated())


def current_npu_after(value: torch.Tensor) -> tuple[str, int]:
    """Say where a tensor is and which NPU is current."""
    import torch_npu

    return str(value.device), int(torch_npu.npu.current_device())


@dataclass(frozen=True)
class Outcome:
    """How a rank's call ended: its result, or the name, text and ranks of its error."""

    result: Any
    error: str
    message: str
    ranks: tuple[int, ...]
    seconds: float


def attempt(operation: Callable[..., Any], *arguments: Any) -> Outcome:
    """Run an operation in an actor and tell how it ended."""
    begin = time.monotonic()
    result, error = None, None
    try:
        result = operation(*arguments)
    except Exception as caught:
        error = caught
    name = type(error).__name__ if error else ""
    ranks = getattr(error, "ranks", ())
    return Outcome(result, name, str(error or ""), ranks, time.monotonic() - begin)


def count_ranks(rank: int, group: str) -> float:
    """Count the ranks of a group, by the group."""
    tensor = torch.ones(1, device="npu")
    collective.allreduce(tensor, group)
    return float(tensor)


def limit_transfers_to(seconds: float) -> None:
    """Let transfers over HCCL of this process take no longer."""
    from ray_ascend.hccl_transport import manager

    vars(manager)["fetch_patience_s"] = lambda: seconds


def kept_objects() -> int:
    """Count the objects that Ray keeps in this process."""
    from ray._private.worker import global_worker

    return int(global_worker.rdt_manager.rdt_store.get_num_objects())
