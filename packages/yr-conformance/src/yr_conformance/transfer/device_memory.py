"""Device memory: let what a test or an actor makes be made on one kind of device.

torch's own default device does it, for one thread and no longer than one call or test, so that the
same functions make the same tensors everywhere.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from yr_conformance.transfer.device_kind import DeviceKind


def made_on(device: str, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Call a function that makes its tensors on that device type; used in actors and drivers."""
    with default_device(device):
        return function(*arguments)


def default_device(device: str) -> contextlib.AbstractContextManager[Any]:
    """Make new tensors of this thread on that device type for the block."""
    if device == "cpu":
        return contextlib.nullcontext()
    import torch

    return torch.device(device)


def use_last(device: DeviceKind) -> None:
    """Make the last of several devices a driver's current one: Ray gives actors the first ones."""
    if not device.resources:
        return
    import torch

    npu = torch.get_device_module(device.name)
    npu.set_device(npu.device_count() - 1)
