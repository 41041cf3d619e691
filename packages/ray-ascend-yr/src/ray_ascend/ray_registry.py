"""The entry of this transport in Ray's own process-wide table of transports.

Ray has no public way to ask whether a name is registered and refuses a second registration, while
a driver, an actor's `__init__` and Ray itself all want to register, in any order.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ray_ascend.errors import ConfigurationError

if TYPE_CHECKING:
    from ray_ascend.transport import YRTensorTransport

TRANSPORT_NAME = "YR"


def enter(devices: Sequence[str], transport: type[YRTensorTransport]) -> None:
    """Register the transport in this process; the last call decides about the devices."""
    import torch
    from ray.experimental import register_tensor_transport
    from ray.experimental.rdt import util

    # Ray's own registration runs in another thread while an actor's __init__ runs.
    with contextlib.suppress(ValueError):
        register_tensor_transport(TRANSPORT_NAME, list(devices), transport, torch.Tensor)
    known = util.transport_manager_info[TRANSPORT_NAME]
    if known.transport_manager_class is not transport:
        raise ConfigurationError(
            f"another tensor transport, {known.transport_manager_class!r}, is already registered "
            f"as {TRANSPORT_NAME!r} in this process",
            TRANSPORT_NAME,
        )
    util.transport_manager_info[TRANSPORT_NAME] = known._replace(devices=list(devices))


def registered_devices() -> list[str]:
    """Give the device types that the transport is registered for in this process."""
    from ray.experimental.rdt import util

    known = util.transport_manager_info.get(TRANSPORT_NAME)
    return list(known.devices) if known else []
