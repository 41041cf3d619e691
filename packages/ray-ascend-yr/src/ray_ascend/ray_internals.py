"""What this package uses of Ray that Ray does not promise: all of it is here.

Each function says in Ray's words what it reads; tests/test_ray_internals.py says, for the oldest
and the newest Ray, what must be true of it. Measured on Ray 2.55 to 2.60.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ray


def registered_transport(name: str) -> Any:
    """Give this process's entry of a tensor transport (`transport_manager_info`), or None."""
    from ray.experimental.rdt import util

    return util.transport_manager_info.get(name)


def set_devices(name: str, devices: Sequence[str]) -> None:
    """Let a registered transport be for other devices; Ray refuses a second registration."""
    from ray.experimental.rdt import util

    known = util.transport_manager_info[name]
    util.transport_manager_info[name] = known._replace(devices=list(devices))


def fetch_timeout_s() -> float:
    """Seconds after which Ray gives up a receiver (`RDT_FETCH_FAIL_TIMEOUT_SECONDS`)."""
    from ray._private import ray_constants

    return float(ray_constants.RDT_FETCH_FAIL_TIMEOUT_SECONDS)


def has_transfer_threads(actor: Any) -> bool:
    """Tell whether an actor has the threads of transports (`_ray_enable_tensor_transport`)."""
    return bool(actor._ray_enable_tensor_transport)  # noqa: SLF001


def is_known_dead(actor: Any) -> bool:
    """Tell whether this process has been told of an actor's death (`_get_local_state`)."""
    from ray.core.generated.gcs_pb2 import ActorTableData

    return bool(actor._get_local_state() == ActorTableData.ActorState.DEAD)  # noqa: SLF001


def is_same_actor(one: Any, other: Any) -> bool:
    """Tell whether two handles are of one actor (`_actor_id`)."""
    return bool(one._actor_id == other._actor_id)  # noqa: SLF001


def is_driver() -> bool:
    """Tell whether this process is a driver (the worker's `mode`)."""
    return bool(ray.get_runtime_context().worker.mode == ray.SCRIPT_MODE)


def jobs() -> list[dict[str, Any]]:
    """Rows of Ray's table of jobs, with `JobID` and `IsDead`."""
    from ray._private import state

    found: list[dict[str, Any]] = state.jobs()
    return found


def actors() -> list[dict[str, Any]]:
    """Rows of Ray's table of actors, with `JobID`, `Name`, `IsDetached` and `State`."""
    from ray._private import state

    return list(state.actors().values())


def read_key(key: bytes, namespace: bytes | None = None) -> bytes | None:
    """Read a key of Ray's own store (`_internal_kv_get`)."""
    from ray.experimental.internal_kv import _internal_kv_get

    value: bytes | None = _internal_kv_get(key, namespace=namespace)
    return value


def write_key(key: bytes, value: bytes, namespace: bytes | None = None) -> None:
    """Write a key of Ray's own store, an existing one too (`_internal_kv_put`)."""
    from ray.experimental.internal_kv import _internal_kv_put

    _internal_kv_put(key, value, overwrite=True, namespace=namespace)


def delete_key(key: bytes, namespace: bytes | None = None) -> None:
    """Delete a key of Ray's own store (`_internal_kv_del`)."""
    from ray.experimental.internal_kv import _internal_kv_del

    _internal_kv_del(key, namespace=namespace)
