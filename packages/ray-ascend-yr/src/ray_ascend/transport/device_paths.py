"""Which way the tensors of a device go: the one place that knows all kinds of device."""

from __future__ import annotations

from ray_ascend.cpu.path import CpuPath
from ray_ascend.errors import UnsupportedDeviceError
from ray_ascend.npu.path import NpuPath
from ray_ascend.objects.device_path import DevicePath

_PATHS: dict[str, DevicePath] = {"cpu": CpuPath(), "npu": NpuPath()}


def path_of(device_type: str) -> DevicePath:
    """Choose the path for a torch device type; UnsupportedDeviceError if there is none."""
    if device_type not in _PATHS:
        raise UnsupportedDeviceError(
            f"tensors on device type {device_type!r} cannot be transferred by this version of "
            f"ray-ascend-yr, only those on: {', '.join(_PATHS)}; move them with .cpu()"
        )
    return _PATHS[device_type]
