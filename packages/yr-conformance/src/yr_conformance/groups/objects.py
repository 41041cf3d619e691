"""Objects of the transport HCCL: made by any of the session's actors, as a call asks for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from yr_conformance.transfer.fingerprint import fingerprint
from yr_conformance.transfer.payloads import random_bytes


def hand(actor: Any, function: Callable[..., Any], *arguments: Any, name: str = "HCCL") -> Any:
    """Let an actor make an object that goes over HCCL; gives its reference."""
    return actor.apply.options(tensor_transport=name).remote(function, *arguments)


def objects_kept() -> int:
    """Count the objects that Ray keeps in this process for transports."""
    from ray._private.worker import global_worker

    return int(global_worker.rdt_manager.rdt_store.get_num_objects())


def in_driver_memory(shape: Sequence[int], dtype: str = "float32") -> Any:
    """Give what an actor's `random_bytes` look like, made here."""
    return fingerprint(random_bytes(shape, dtype))
