"""Where the transport is measured: its functions, wrapped at run time in one process.

Nothing of the transport knows of it. What has moved or is gone is reported, not passed over.
"""

from __future__ import annotations

import importlib
import logging
import resource
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from bench.spans import RECORDING, Recording

_PACKAGE: Final = "ray_ascend"


class Hook(NamedTuple):
    """A function or method, `module:name`, and the phase that its own time is."""

    place: str
    phase: str


_TRANSPORT: Final = "ray_ascend.transport.manager:YRTensorTransport"
HOOKS: Final = (
    Hook(f"{_TRANSPORT}.actor_has_tensor_transport", "transport: submit"),
    Hook(f"{_TRANSPORT}.get_communicator_metadata", "transport: communicator"),
    Hook(f"{_TRANSPORT}.extract_tensor_transport_metadata", "transport: store, rest"),
    Hook(f"{_TRANSPORT}.recv_multiple_tensors", "transport: receive, rest"),
    Hook(f"{_TRANSPORT}.fetch_multiple_tensors", "transport: announce"),
    Hook(f"{_TRANSPORT}.wait_fetch_complete", "transport: receive, rest"),
    Hook(f"{_TRANSPORT}.garbage_collect", "transport: free, rest"),
    Hook("ray_ascend.transport.validation:device_type_of", "validate"),
    Hook("ray_ascend.transport.validation:check_targets", "validate"),
    Hook("ray_ascend.transport.first_use:ensure_backend", "is there a backend"),
    Hook("ray_ascend.store.connection:current", "connection"),
    Hook("ray_ascend.store.connection:Connection.own", "ledger"),
    Hook("ray_ascend.store.connection:Connection.disown", "ledger"),
    Hook("ray_ascend.store.trace:Trace.__init__", "trace id"),
    Hook("ray_ascend.store.trace:Trace.__enter__", "trace id"),
    Hook("ray_ascend.store.trace:Trace.__exit__", "trace id"),
    Hook("ray_ascend.metrics.recorder:record", "metrics"),
    Hook("ray_ascend.objects.specs:describe", "describe tensors"),
    Hook("ray_ascend.objects.metadata:YRTransportMetadata.__reduce__", "metadata: pickle"),
    Hook("ray_ascend.objects.metadata:_unpickle", "metadata: unpickle"),
    Hook("ray_ascend.objects.metadata:YRTransportMetadata.tensor_meta", "metadata: for Ray"),
    Hook("ray_ascend.cpu.packing:layout_of", "plan layout"),
    Hook("ray_ascend.cpu.packing:pack", "copy in"),
    Hook("ray_ascend.cpu.packing:unpack", "copy out"),
    Hook("ray_ascend.cpu.fresh_memory:empty", "allocate"),
    Hook("yr.datasystem:KVClient.mcreate", "SDK: create"),
    Hook("yr.datasystem:KVClient.mset_buffer", "SDK: publish"),
    Hook("yr.datasystem:KVClient.get_buffers", "SDK: get"),
    Hook("yr.datasystem:KVClient.delete", "SDK: delete"),
    Hook("yr.datasystem:KVClient.exist", "SDK: exist"),
    Hook("yr.datasystem:KVClient.health_check", "SDK: health"),
    Hook(
        "bench.noop_transport:NoOpTransport.extract_tensor_transport_metadata",
        "transport: store, rest",
    ),
    Hook("bench.noop_transport:NoOpTransport.recv_multiple_tensors", "transport: receive, rest"),
    Hook("bench.noop_transport:NoOpTransport.garbage_collect", "transport: free, rest"),
)


_IN_KERNEL: Final = ("copy in", "copy out")
"""Of these the time in the kernel is told apart: nothing but page faults leads there."""
_KERNEL: Final = "kernel ns in "
_FAULTS: Final = "page faults in "


def is_time(name: str) -> bool:
    """Tell whether a count is nanoseconds."""
    return name.startswith(_KERNEL)


def kernel_times(*counts: Mapping[str, int]) -> dict[str, int]:
    """Give the nanoseconds that copies spent in the kernel, by phase."""
    return {
        name.removeprefix(_KERNEL): number
        for counted in counts
        for name, number in counted.items()
        if is_time(name)
    }


def install(hooks: Iterable[Hook] = HOOKS, recording: Recording = RECORDING) -> list[str]:
    """Wrap what can be found; give the places that cannot. Once a process, before it transfers."""
    _count_calls(recording)
    return [hook.place for hook in hooks if not _wrap(hook, recording)]


def _wrap(hook: Hook, recording: Recording) -> bool:
    module_name, _, path = hook.place.partition(":")
    *outer, name = path.split(".")
    try:
        owner: Any = importlib.import_module(module_name)
        for one in outer:
            owner = getattr(owner, one)
        function = vars(owner)[name]
    except (ImportError, AttributeError, KeyError):
        return False
    if isinstance(function, property):
        setattr(owner, name, property(recording.timed(hook.phase, function.fget or repr)))
        return True
    wrapped = recording.timed(hook.phase, function)
    if hook.phase in _IN_KERNEL:
        wrapped = _kernel_timed(hook.phase, wrapped, recording)
    setattr(owner, name, wrapped)
    if not outer:
        _replace_everywhere(function, wrapped)
    return True


def _kernel_timed(
    phase: str, function: Callable[..., Any], recording: Recording
) -> Callable[..., Any]:
    """Count what the kernel does for this process meanwhile, for whichever of its threads."""

    def call(*arguments: Any, **named: Any) -> Any:
        before = resource.getrusage(resource.RUSAGE_SELF)
        try:
            return function(*arguments, **named)
        finally:
            after = resource.getrusage(resource.RUSAGE_SELF)
            recording.count(_KERNEL + phase, int(1e9 * (after.ru_stime - before.ru_stime)))
            recording.count(_FAULTS + phase, after.ru_minflt - before.ru_minflt)

    return call


def _replace_everywhere(function: object, wrapped: object) -> None:
    """Replace a function where modules have imported it by name."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == _PACKAGE:
            for attribute, value in list(vars(module).items()):
                if value is function:
                    setattr(module, attribute, wrapped)


def _count_calls(recording: Recording) -> None:
    """Count what no span is worth: files, log records, calls of actors."""
    from ray.actor import ActorMethod

    def heard(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            recording.count(f"file opened: {_kind(arguments[0])}")
        elif event in {"os.remove", "os.rename", "os.mkdir", "os.listdir"}:
            recording.count(f"{event}: {_kind(arguments[0])}")

    sys.addaudithook(heard)
    for owner, name in ((logging.Logger, "handle"), (ActorMethod, "_remote")):
        setattr(owner, name, _counted(recording, f"{owner.__name__}.{name}", getattr(owner, name)))


def _kind(path: object) -> str:
    return "ledger" if "/ledger/" in str(path) else "other"


def _counted(recording: Recording, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        recording.count(name)
        return function(*arguments, **named)

    return call


def count_locks(recording: Recording = RECORDING) -> None:
    """Count what the transport locks; called before it is imported."""
    for name in ("Lock", "RLock"):
        made = getattr(threading, name)
        setattr(threading, name, _factory(made, recording))


def _factory(made: Callable[[], Any], recording: Recording) -> Callable[[], Any]:
    def lock() -> Any:
        module = str(sys._getframe(1).f_globals.get("__name__", ""))  # noqa: SLF001
        return _CountedLock(made(), recording) if module.startswith(_PACKAGE) else made()

    return lock


class _CountedLock:
    def __init__(self, lock: Any, recording: Recording) -> None:
        self._lock, self._recording = lock, recording

    def __enter__(self) -> Any:
        self._recording.count("lock taken")
        return self._lock.__enter__()

    def __exit__(self, *error: object) -> None:
        self._lock.__exit__(*error)

    def acquire(self, *arguments: Any, **named: Any) -> Any:
        """As the lock's own."""
        self._recording.count("lock taken")
        return self._lock.acquire(*arguments, **named)

    def release(self) -> None:
        """As the lock's own."""
        self._lock.release()
