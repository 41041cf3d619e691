"""Interception: change what the installed transport does, through Ray's interface to it alone.

A mutant patches `YRTensorTransport` in every process that registers it. Ray receives by one call
(`recv_multiple_tensors`, 2.55) or by two (`fetch_multiple_tensors`, `wait_fetch_complete`, 2.56 and
newer), and either may be built on the other; a change is made once, at the outermost call.
"""

from __future__ import annotations

import dataclasses
import functools
import threading
from collections.abc import Callable, Sequence
from typing import Any

import torch

from ray_ascend.transport.manager import YRTensorTransport

Tensors = list[torch.Tensor]


@dataclasses.dataclass
class Received:
    """One receive: what Ray asked for and what the transport returned."""

    obj_id: str
    metadata: Any
    targets: Sequence[torch.Tensor] | None
    tensors: Tensors


_inside = threading.local()
_asked: dict[int, Received] = {}


def replace(name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Put `make(original)` in the place of a method."""
    original = getattr(YRTensorTransport, name)
    setattr(YRTensorTransport, name, functools.wraps(original)(make(original)))


def change_received(change: Callable[[Received], Tensors]) -> None:
    """Let every receive return `change(received)` instead of the tensors that arrived."""
    replace("recv_multiple_tensors", functools.partial(_change_one_call, change))
    replace("fetch_multiple_tensors", _note_request)
    replace("wait_fetch_complete", functools.partial(_change_second_call, change))


def _change_one_call(change: Callable[[Received], Tensors], original: Callable[..., Any]) -> Any:
    def recv(
        self: Any, obj_id: str, metadata: Any, communicator: Any, targets: Any = None
    ) -> Tensors:
        _inside.depth = getattr(_inside, "depth", 0) + 1
        try:
            tensors = original(self, obj_id, metadata, communicator, targets)
        finally:
            _inside.depth -= 1
        return change(Received(obj_id, metadata, targets, tensors))

    return recv


def _note_request(original: Callable[..., Any]) -> Any:
    def fetch(self: Any, obj_id: str, metadata: Any, communicator: Any, targets: Any = None) -> Any:
        request = original(self, obj_id, metadata, communicator, targets)
        _asked[id(request)] = Received(obj_id, metadata, targets, [])
        return request

    return fetch


def _change_second_call(change: Callable[[Received], Tensors], original: Callable[..., Any]) -> Any:
    def wait(self: Any, request: Any, timeout: float = -1) -> Tensors:
        tensors: Tensors = original(self, request, timeout)
        received = _asked.pop(id(request))
        if getattr(_inside, "depth", 0):
            return tensors
        received.tensors = tensors
        return change(received)

    return wait
