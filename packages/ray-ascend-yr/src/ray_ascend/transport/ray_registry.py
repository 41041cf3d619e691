"""The entries of the transports in Ray's own process-wide table of transports.

Ray has no public way to ask whether a name is registered and refuses a second registration, while
a driver, an actor's `__init__` and Ray itself all want to register, in any order.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from ray_ascend import ray_internals
from ray_ascend.announcement import TRANSPORT_NAME
from ray_ascend.errors import ConfigurationError


def enter(devices: Sequence[str], transport: type[Any], name: str = TRANSPORT_NAME) -> None:
    """Register a transport in this process; the last call decides about the devices."""
    import torch
    from ray.experimental import register_tensor_transport

    # Ray's own registration runs in another thread while an actor's __init__ runs.
    with contextlib.suppress(ValueError):
        register_tensor_transport(name, list(devices), transport, torch.Tensor)
    known = ray_internals.registered_transport(name).transport_manager_class
    if known is not transport:
        raise ConfigurationError(
            f"another tensor transport, {known!r}, is already registered as {name!r} in "
            "this process",
            name,
        )
    ray_internals.set_devices(name, devices)


def registered_devices() -> list[str]:
    """Give the device types that the transport is registered for in this process."""
    known = ray_internals.registered_transport(TRANSPORT_NAME)
    return list(known.devices) if known else []
