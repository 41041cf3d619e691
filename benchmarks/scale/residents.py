"""Actors on every node, with and without the transport, and the time until all of them answer."""

from __future__ import annotations

import importlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psutil
import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

import ray_ascend
from ray_ascend.store.connection import wait_for_backend


@dataclass(frozen=True)
class Kind:
    """What an actor does when it is made.

    Each that sends tensors has torch, which takes memory of its own: without it, an actor only asks
    others what one that registers asks them.
    """

    has_torch: bool
    registers: bool = False


class Resident:
    """Lives on one node."""

    def __init__(self, kind: Kind) -> None:
        if kind.has_torch:
            importlib.import_module("torch")
        if kind.registers and kind.has_torch:
            ray_ascend.register_yr_tensor_transport(["cpu"])
        elif kind.registers:
            wait_for_backend()

    def actor_id(self) -> str:
        """Tell by which name Ray's table has it."""
        return str(ray.get_runtime_context().get_actor_id())

    def own_mib(self) -> float:
        """Answer once it is made: the memory that no other process shares with this one."""
        return float(psutil.Process().memory_full_info().uss) / 2**20


def seconds_to_settle(nodes: Sequence[str], actors: int, kind: Kind) -> tuple[float, list[Any]]:
    """Time from nothing to an answer of every actor; gives those too, spread over the nodes."""
    begin = time.perf_counter()
    if kind.registers:
        ray_ascend.register_yr_tensor_transport(["cpu"])
    residents = [_on(nodes[number % len(nodes)], kind) for number in range(actors)]
    ray.get([resident.own_mib.remote() for resident in residents])
    return time.perf_counter() - begin, residents


def _on(node_id: str, kind: Kind) -> Any:
    affinity = NodeAffinitySchedulingStrategy(node_id, soft=False)
    return ray.remote(num_cpus=0, scheduling_strategy=affinity)(Resident).remote(kind)
