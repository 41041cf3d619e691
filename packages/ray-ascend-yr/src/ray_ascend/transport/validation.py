"""What may travel: checks made before anything of an object is stored."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ray_ascend.announcement import DEVICES
from ray_ascend.errors import (
    ConfigurationError,
    MixedDevicesError,
    UnsupportedDeviceError,
    UnsupportedTensorError,
)


def check_devices(devices: object) -> list[str]:
    """Validate the argument of `register_yr_tensor_transport`; ConfigurationError if it is bad.

    None means all device types.
    """
    if devices is None:
        return list(DEVICES)
    if not isinstance(devices, list | tuple) or not devices:
        raise ConfigurationError(
            f"devices must be a non-empty list of device types out of {list(DEVICES)}, "
            f'for example ["npu", "cpu"], not {devices!r}',
            "devices",
        )
    unknown = [device for device in devices if device not in DEVICES]
    if unknown:
        raise ConfigurationError(
            f"unknown device types {unknown!r} in devices; allowed are {list(DEVICES)}",
            "devices",
        )
    return list(dict.fromkeys(devices))


def device_type_of(tensors: Sequence[torch.Tensor], registered: Sequence[str]) -> str:
    """Give the one device type that all tensors are on; raises an UnsupportedTensorError."""
    types = sorted({tensor.device.type for tensor in tensors})
    if len(types) > 1:
        raise MixedDevicesError(
            "all tensors in an RDT object must have the same device type, but these are on "
            f"{' and '.join(types)}"
        )
    for index, tensor in enumerate(tensors):
        if problem := _why_not_dense(tensor):
            raise UnsupportedTensorError(
                f"tensor {index} of the object cannot be transferred: it is {problem}; "
                "only plain dense tensors can"
            )
    if types[0] not in registered:
        raise UnsupportedDeviceError(
            f"tensors on device type {types[0]!r} cannot be transferred: this process registered "
            f"the transport for {list(registered)!r}"
        )
    return types[0]


def check_targets(
    targets: Sequence[torch.Tensor],
    meta: Sequence[tuple[torch.Size, torch.dtype]],
    registered: Sequence[str],
) -> None:
    """Refuse target buffers that the object does not fit into exactly, or that cannot be filled."""
    if len(targets) != len(meta):
        raise UnsupportedTensorError(
            f"{len(targets)} target buffers were given for an object of {len(meta)} tensors"
        )
    for index, (target, (shape, dtype)) in enumerate(zip(targets, meta, strict=True)):
        if (target.shape, target.dtype) != (shape, dtype):
            raise UnsupportedTensorError(
                f"target buffer {index} is {target.dtype} {tuple(target.shape)}, but the tensor "
                f"is {dtype} {tuple(shape)}"
            )
        if target.is_conj() or target.is_neg():
            raise UnsupportedTensorError(
                f"target buffer {index} is a conjugated or negated view, which is not its memory"
            )
        if target.device.type not in registered:
            raise UnsupportedDeviceError(
                f"target buffer {index} is on device type {target.device.type!r}, but this process "
                f"registered the transport for {list(registered)!r}"
            )


def _why_not_dense(tensor: torch.Tensor) -> str:
    if tensor.is_nested:
        return "nested"
    if tensor.is_quantized:
        return f"quantized ({tensor.dtype})"
    if tensor.layout != torch.strided:
        return f"of layout {tensor.layout}"
    if tensor.device.type == "meta":
        return "on the meta device, which holds no data"
    return ""
