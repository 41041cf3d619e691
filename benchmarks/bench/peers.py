"""The actors between which tensors travel; a class of a module, so that actors import it."""

from __future__ import annotations

import importlib
import os
import time
import uuid
from collections.abc import Callable
from typing import Any

import psutil

from bench import payload
from bench.contenders import Contender
from bench.heartbeat import Heartbeat
from bench.registration import register


class Peer:
    """A source or a receiver, for all contenders that it has joined."""

    def __init__(self) -> None:
        self._size = (0, 0)
        self._tensors: list[Any] = []
        self._arrays: list[Any] = []
        self._held: Any = None

    def join(self, contender: Contender) -> None:
        """Make a contender's transport known here; CannotRunError if it cannot be."""
        register(contender)

    def process_id(self) -> int:
        """Tell which process this is."""
        return os.getpid()

    def make(self, count: int, elements: int, *, is_numpy: bool = False) -> list[Any]:
        """Give tensors that are there already, after the first time."""
        if self._size != (count, elements):
            self.forget()
            self._tensors = payload.made(count, elements)
            self._arrays = [tensor.numpy() for tensor in self._tensors]
            self._size = (count, elements)
        return self._arrays if is_numpy else self._tensors

    def forget(self) -> None:
        """Give memory back."""
        self._size, self._tensors, self._arrays, self._held = (0, 0), [], [], None

    def read_little(self, tensors: list[Any]) -> float:
        """Touch what arrived."""
        return payload.read_little(tensors)

    def read_all(self, tensors: list[Any]) -> float:
        """Read what arrived."""
        return payload.read_all(tensors)

    def check(self, tensors: list[Any], count: int, elements: int) -> bool:
        """Compare every value that arrived."""
        return payload.has_arrived(tensors, count, elements)

    def hold(self, tensors: list[Any]) -> None:
        """Keep what arrived, and read it."""
        self._held = tensors
        payload.read_all(tensors)

    def proportional_bytes(self) -> int:
        """Give this process's memory; what it shares with others is divided among them."""
        return int(psutil.Process().memory_full_info().pss)

    def put(
        self, contender: Contender, size: tuple[int, int], *, stall: bool, keep: bool
    ) -> tuple[float, Any]:
        """Store tensors and say how long it took, or stalled another thread; milliseconds.

        Gives what a receiver needs with `keep`, else it is freed.
        """
        tensors = self.make(*size, is_numpy=contender.is_numpy)
        if contender.transport is None:
            ray = importlib.import_module("ray")
            taken, reference = measured(lambda: ray.put(tensors), stall=stall)
            return taken, [reference] if keep else None
        manager, name = _manager(contender.transport), uuid.uuid4().hex * 2
        taken, metadata = measured(
            lambda: manager.extract_tensor_transport_metadata(name, tensors), stall=stall
        )
        if keep:
            return taken, (name, metadata)
        manager.garbage_collect(name, metadata, tensors)
        return taken, None

    def get(self, contender: Contender, what: Any, *, stall: bool) -> float:
        """Receive what `put` has kept; milliseconds, of the transfer or of the longest stall."""
        if contender.transport is None:
            ray = importlib.import_module("ray")
            taken, _ = measured(lambda: ray.get(what[0]), stall=stall)
            return taken
        manager, (name, metadata) = _manager(contender.transport), what
        communicator = manager.get_communicator_metadata(None, None)
        taken, _ = measured(
            lambda: manager.recv_multiple_tensors(name, metadata, communicator), stall=stall
        )
        return taken

    def free(self, contender: Contender, what: Any) -> None:
        """Free what `put` has kept."""
        if contender.transport is not None:
            name, metadata = what
            _manager(contender.transport).garbage_collect(name, metadata)


def _manager(transport: str) -> Any:
    util = importlib.import_module("ray.experimental.rdt.util")
    return util.get_tensor_transport_manager(transport)


def measured(action: Callable[[], Any], *, stall: bool) -> tuple[float, Any]:
    """Do something; give milliseconds, or the longest stall of another thread, and the result."""
    if stall:
        with Heartbeat() as beat:
            result = action()
        return beat.longest_ms, result
    begin = time.perf_counter()
    result = action()
    return 1e3 * (time.perf_counter() - begin), result
