"""Which NPU a process means by an index, and how another process can reach the tensors on it."""

from __future__ import annotations

import functools
import os
import socket
from types import ModuleType

import ray
import torch

from ray_ascend.errors import UnsupportedDeviceError
from ray_ascend.objects.metadata import NpuOrigin

_VISIBLE = "ASCEND_RT_VISIBLE_DEVICES"


def npu_module() -> ModuleType:
    """Give `torch.npu`; UnsupportedDeviceError, saying why, if this process can use no NPU."""
    try:
        module: ModuleType = torch.get_device_module("npu")
        if not module.device_count():
            problem = f"it sees none ({_VISIBLE}={os.environ.get(_VISIBLE)!r})"
        else:
            return module
    except RuntimeError as error:
        problem = f"torch_npu is not usable: {error}"
    raise UnsupportedDeviceError(f"process {os.getpid()} on {host_name()} has no NPU: {problem}")


def host_name() -> str:
    """Name of this machine, the same in all its processes."""
    return socket.gethostname()


def physical_index(index: int) -> int:
    """Number that the machine gives to the NPU that this process calls `npu:<index>`.

    Ray gives each actor NPUs of its own through ASCEND_RT_VISIBLE_DEVICES, so that everybody's
    first is `npu:0`.
    """
    visible = [word.strip() for word in os.environ.get(_VISIBLE, "").split(",") if word.strip()]
    return int(visible[index]) if index < len(visible) else index


def origin_of(index: int) -> NpuOrigin:
    """Describe this process as the source of tensors on its NPU `index`."""
    return NpuOrigin(host_name(), physical_index(index), _own_handle())


def is_same_npu(origin: NpuOrigin, index: int) -> bool:
    """Tell whether the source's NPU is the one that this process calls `npu:<index>`."""
    return (origin.host, origin.npu) == (host_name(), physical_index(index))


def _own_handle() -> bytes:
    actor_id = ray.get_runtime_context().get_actor_id()
    return _handle_of(actor_id) if actor_id else b""


@functools.lru_cache(maxsize=1)
def _handle_of(_actor_id: str) -> bytes:
    pickled: bytes = ray.cloudpickle.dumps(ray.get_runtime_context().current_actor)
    return pickled
