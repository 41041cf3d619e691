"""What this package uses of Ray that Ray does not promise: all of it is here.

It imports nothing of Ray until it is asked for.

Each function says in Ray's words what it reads; tests/test_ray_internals.py says, for the oldest
and the newest Ray, what must be true of it. Measured on Ray 2.55 to 2.60.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, Final

_TRANSPORTS: Final = "ray.experimental.rdt.util"
_OF_A_WORKER: Final = "RAY_JOB_ID"
_loading: Final = threading.RLock()


class _Watch:
    """Finds the module of Ray's transports as usual, and acts as soon as it is loaded."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Called by the import system, under the module's lock."""
        if name != _TRANSPORTS:
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is not None and spec.loader is not None:
            _add(self._loaded, spec.loader)
        return spec

    def _loaded(self) -> None:
        sys.meta_path.remove(self)
        self._act()


def announce_transport(name: str, entry: object) -> None:
    """Put an entry into the table of transports, now or when Ray has it, unless there is one."""

    def enter() -> None:
        util: Any = importlib.import_module(_TRANSPORTS)
        util.transport_manager_info.setdefault(name, entry)
        # Without it Ray tells actors nothing of the table; those of workers need not wait for that.
        if _OF_A_WORKER not in os.environ:
            util.has_custom_transports = True

    if _TRANSPORTS in sys.modules:
        enter()
    else:
        sys.meta_path.insert(0, _Watch(enter))


def transport_entry(*parts: Any) -> Any:
    """Make an entry of a class, its devices and its type of data (`TransportManagerInfo`)."""
    from ray.experimental.rdt import util

    return util.TransportManagerInfo(*parts)


def _add(act: Callable[[], None], loader: Any) -> None:
    load = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        load(module)
        act()

    loader.exec_module = exec_module


def registered_transport(name: str) -> Any:
    """Give this process's entry of a tensor transport (`transport_manager_info`), or None."""
    from ray.experimental.rdt import util

    return util.transport_manager_info.get(name)


def set_devices(name: str, devices: Sequence[str]) -> None:
    """Let a registered transport be for other devices; Ray refuses a second registration."""
    from ray.experimental.rdt import util

    known = util.transport_manager_info[name]
    util.transport_manager_info[name] = transport_entry(
        known.transport_manager_class, list(devices), known.data_type
    )


def fetch_timeout_s() -> float:
    """Seconds after which Ray gives up a receiver (`RDT_FETCH_FAIL_TIMEOUT_SECONDS`)."""
    from ray._private import ray_constants

    return float(ray_constants.RDT_FETCH_FAIL_TIMEOUT_SECONDS)


def load_actor_handle(pickled: bytes) -> Any:
    """Unpickle an actor's handle and leave this actor's own methods alone.

    With a handle, Ray 2.55 to 2.60 loads its class and enters the methods by the names of module,
    class and method (`_function_execution_info`). Where this actor's class has the same name, as
    one that was defined again in a notebook has, this actor would from then on do what the other
    one's methods say. (A method of this actor's that is called for the first time in that moment
    does so still.)
    """
    import ray

    manager = ray.get_runtime_context().worker.function_actor_manager
    executors = manager._function_execution_info  # noqa: SLF001
    with _loading:
        own = dict(executors)
        try:
            return ray.cloudpickle.loads(pickled)
        finally:
            executors.update(own)


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
    import ray

    return bool(ray.get_runtime_context().worker.mode == ray.SCRIPT_MODE)


def jobs() -> list[dict[str, Any]]:
    """Rows of Ray's table of jobs, with `JobID` and `IsDead`."""
    from ray._private import state

    found: list[dict[str, Any]] = state.jobs()
    return found


def actors() -> list[dict[str, Any]]:
    """Rows of Ray's table of actors, with `ActorID`, `JobID`, `Name`, `IsDetached` and `State`."""
    from ray._private import state

    return list(state.actors().values())


def actor(actor_id: str) -> dict[str, Any] | None:
    """The row of one actor; None when Ray has forgotten it (`state.actors(actor_id)`)."""
    from ray._private import state

    return state.actors(actor_id) or None


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
