"""What ranks do together, with values that both they and a clause on the CPU can make."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

import torch
from ray.util import collective

SHAPE: Final = (2, 3)
COUNT: Final = math.prod(SHAPE)
INTEGERS: Final = ("int8", "int16", "int32", "int64")
FLOATS: Final = ("float16", "bfloat16", "float32")
BYTES: Final = ("uint8", "bool")
MOVED_ONLY: Final = ("float64", "float8_e4m3fn", "float8_e5m2")
MOVED: Final = (*INTEGERS, *FLOATS, *BYTES, *MOVED_ONLY)
"""What HCCL moves, as torch_npu 2.13.0 hands it on."""
REDUCTIONS: Final[dict[str, Callable[[Sequence[int]], int]]] = {
    "SUM": sum,
    "PRODUCT": math.prod,
    "MIN": min,
    "MAX": max,
}
AVERAGE: Final = "AVG"

Case = tuple[str, str]
"""A dtype and a reduction."""


def cases(*, scattered: bool = False) -> list[Case]:
    """Give the reductions that HCCL has for each dtype."""
    dtypes = (*INTEGERS, *FLOATS) if scattered else (*INTEGERS, *FLOATS, *BYTES)
    known = [(dtype, name) for dtype in dtypes for name in REDUCTIONS if _is_known(dtype, name)]
    return [*known, *((dtype, AVERAGE) for dtype in FLOATS)]


def numbers(rank: int, dtype: str, part: int = 0) -> list[int]:
    """Give small numbers, other ones for each rank and part; averages of 2 to 4 are whole."""
    if dtype == "bool":
        return [(rank + part + place) % 2 for place in range(COUNT)]
    return [(rank + 2 * part + place) % 3 + 1 for place in range(COUNT)]


def reduced(world: int, case: Case, part: int = 0) -> list[float]:
    """Give what the numbers of all ranks come to, computed here on the CPU."""
    dtype, reduction = case
    columns = zip(*(numbers(rank, dtype, part) for rank in range(world)), strict=True)
    if reduction == AVERAGE:
        return [12 * sum(column) / world for column in columns]
    results = [REDUCTIONS[reduction](column) for column in columns]
    return [float(bool(one)) for one in results] if dtype == "bool" else [float(x) for x in results]


def given(rank: int, case: Case, part: int = 0) -> torch.Tensor:
    """Make a rank's tensor on the NPU."""
    dtype, reduction = case
    factor = 12 if reduction == AVERAGE else 1
    values = [factor * number for number in numbers(rank, dtype, part)]
    host = torch.tensor(values, dtype=torch.float32, device="cpu").to(getattr(torch, dtype))
    return host.reshape(SHAPE).to(torch.get_default_device())


def read(tensor: torch.Tensor) -> list[float]:
    """Give a tensor's values in the order of its rows."""
    values: list[float] = tensor.cpu().float().reshape(-1).tolist()
    return values


def operator(reduction: str) -> Any:
    """Give what Ray takes as `op`: its own, and torch's where it has none."""
    from ray.util.collective.types import ReduceOp

    return torch.distributed.ReduceOp.AVG if reduction == AVERAGE else ReduceOp[reduction]


def allreduce(rank: int, group: str, wanted: Sequence[Case]) -> list[list[float]]:
    """Reduce into every rank."""
    results = []
    for case in wanted:
        tensor = given(rank, case)
        collective.allreduce(tensor, group, operator(case[1]))
        results.append(read(tensor))
    return results


def reduce(rank: int, group: str, wanted: Sequence[Case], root: int) -> list[list[float]]:
    """Reduce into one rank."""
    results = []
    for case in wanted:
        tensor = given(rank, case)
        collective.reduce(tensor, root, group, operator(case[1]))
        results.append(read(tensor))
    return results


def reducescatter(rank: int, group: str, wanted: Sequence[Case]) -> list[list[float]]:
    """Reduce lists of one part for each rank."""
    world = collective.get_collective_group_size(group)
    results = []
    for case in wanted:
        output = torch.zeros(SHAPE, dtype=getattr(torch, case[0]))
        parts = [given(rank, case, part) for part in range(world)]
        collective.reducescatter(output, parts, group, operator(case[1]))
        results.append(read(output))
    return results


def broadcast(rank: int, group: str, dtypes: Sequence[str], root: int) -> list[list[float]]:
    """Copy the root's tensor."""
    results = []
    for dtype in dtypes:
        tensor = given(rank, (dtype, ""))
        collective.broadcast(tensor, root, group)
        results.append(read(tensor))
    return results


def allgather(rank: int, group: str, dtypes: Sequence[str]) -> list[list[list[float]]]:
    """Collect every rank's tensor in a list."""
    world = collective.get_collective_group_size(group)
    results = []
    for dtype in dtypes:
        places = [torch.zeros(SHAPE, dtype=getattr(torch, dtype)) for _ in range(world)]
        collective.allgather(places, given(rank, (dtype, "")), group)
        results.append([read(place) for place in places])
    return results


def pass_round(rank: int, group: str, dtypes: Sequence[str]) -> list[list[float]]:
    """Send to the next rank and receive from the one before; rank 0 sends first."""
    world = collective.get_collective_group_size(group)
    results = []
    for dtype in dtypes:
        mine, received = given(rank, (dtype, "")), torch.zeros(SHAPE, dtype=getattr(torch, dtype))
        if rank == 0:
            collective.send(mine, 1, group)
        collective.recv(received, (rank - 1) % world, group)
        if rank > 0:
            collective.send(mine, (rank + 1) % world, group)
        results.append(read(received))
    return results


def _is_known(dtype: str, reduction: str) -> bool:
    return reduction != "PRODUCT" or dtype not in {"int16", "bfloat16"}
