"""The mutant that stores every tensor under a key of its own, as ray-ascend 0.1.1 does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from interception import Tensors, replace
from ray.experimental import TensorTransportMetadata


class Parts(TensorTransportMetadata):
    """The metadata of an object that was stored as several."""

    def __init__(self, parts: Sequence[Any]) -> None:
        self.parts = list(parts)
        self.tensor_device = parts[0].tensor_device
        self.tensor_meta = [entry for part in parts for entry in part.tensor_meta]


def split_objects() -> None:
    """Patch the transport; called once in each process."""
    replace("extract_tensor_transport_metadata", _extract_each)
    replace("fetch_multiple_tensors", _fetch_each)
    replace("wait_fetch_complete", _wait_for_each)
    replace("recv_multiple_tensors", _receive_each)
    replace("garbage_collect", _collect_each)


class _Requests(list[Any]):
    """The requests of the parts, and the tensors once they came, as Ray wants to find them."""

    obj_id = ""
    tensors: Tensors = []  # noqa: RUF012 - replaced, never appended to


def _extract_each(original: Callable[..., Any]) -> Any:
    def extract(self: Any, obj_id: str, tensors: Tensors) -> Any:
        if len(tensors) < 2:
            return original(self, obj_id, tensors)
        return Parts([original(self, f"{obj_id}-{n}", [t]) for n, t in enumerate(tensors)])

    return extract


def _fetch_each(original: Callable[..., Any]) -> Any:
    def fetch(self: Any, obj_id: str, metadata: Any, comm: Any, targets: Any = None) -> Any:
        if not isinstance(metadata, Parts):
            return original(self, obj_id, metadata, comm, targets)
        requests = _Requests(
            original(self, obj_id, part, comm, targets and [targets[n]])
            for n, part in enumerate(metadata.parts)
        )
        requests.obj_id = obj_id
        return requests

    return fetch


def _wait_for_each(original: Callable[..., Any]) -> Any:
    def wait(self: Any, request: Any, timeout: float = -1) -> Tensors:
        if not isinstance(request, _Requests):
            tensors: Tensors = original(self, request, timeout)
            return tensors
        request.tensors = [original(self, part, timeout)[0] for part in request]
        return request.tensors

    return wait


def _receive_each(original: Callable[..., Any]) -> Any:
    def receive(self: Any, obj_id: str, metadata: Any, comm: Any, targets: Any = None) -> Tensors:
        parts = metadata.parts if isinstance(metadata, Parts) else [metadata]
        if len(parts) < 2:
            tensors: Tensors = original(self, obj_id, metadata, comm, targets)
            return tensors
        received: list[torch.Tensor] = []
        for number, part in enumerate(parts):
            received += original(self, obj_id, part, comm, targets and [targets[number]])
        return received

    return receive


def _collect_each(original: Callable[..., Any]) -> Any:
    def collect(self: Any, obj_id: str, metadata: Any, tensors: Any = None) -> None:
        if not isinstance(metadata, Parts):
            original(self, obj_id, metadata, tensors)
            return
        for number, part in enumerate(metadata.parts):
            original(self, f"{obj_id}-{number}", part, [])

    return collect
