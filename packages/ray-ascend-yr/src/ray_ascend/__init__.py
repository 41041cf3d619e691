"""Ray Direct Transport over the openYuanrong datasystem.

    import ray
    from ray_ascend import register_yr_tensor_transport

    ray.init()
    register_yr_tensor_transport(["cpu"])

Importing this package loads neither torch nor the datasystem's SDK.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ray_ascend import errors
from ray_ascend._installation import refuse_twin
from ray_ascend._version import __version__

if TYPE_CHECKING:
    from ray_ascend.registration import cleanup_yr_resources, register_yr_tensor_transport
    from ray_ascend.transport import YRTensorTransport

__all__ = [
    "YRTensorTransport",
    "__version__",
    "cleanup_yr_resources",
    "errors",
    "register_yr_tensor_transport",
]

_HOMES = {
    "YRTensorTransport": "ray_ascend.transport",
    "cleanup_yr_resources": "ray_ascend.registration",
    "register_yr_tensor_transport": "ray_ascend.registration",
}

refuse_twin()


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
