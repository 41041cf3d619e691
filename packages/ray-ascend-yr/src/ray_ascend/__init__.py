"""Ray Direct Transport over the openYuanrong datasystem.

    import ray
    from ray_ascend import register_yr_tensor_transport

    ray.init()
    register_yr_tensor_transport(["cpu"])

Importing this package makes `@ray.method(tensor_transport="YR")` valid in this process, and loads
neither Ray nor torch nor the datasystem's SDK.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ray_ascend import errors
from ray_ascend._installation import refuse_old_ray, refuse_twin, warn_of_old_ray
from ray_ascend._version import __version__, commit
from ray_ascend.announcement import announce

if TYPE_CHECKING:
    from ray_ascend.collective import create_collective_group, register_hccl_collective_backend
    from ray_ascend.hccl_transport.registration import register_hccl_tensor_transport
    from ray_ascend.npu.streams import set_yr_npu_stream
    from ray_ascend.registration import cleanup_yr_resources, register_yr_tensor_transport
    from ray_ascend.transport.manager import YRTensorTransport

__all__ = [
    "YRTensorTransport",
    "__commit__",
    "__version__",
    "cleanup_yr_resources",
    "create_collective_group",
    "errors",
    "register_hccl_collective_backend",
    "register_hccl_tensor_transport",
    "register_yr_tensor_transport",
    "set_yr_npu_stream",
]

_HOMES = {
    "YRTensorTransport": "ray_ascend.transport.manager",
    "cleanup_yr_resources": "ray_ascend.registration",
    "create_collective_group": "ray_ascend.collective",
    "register_hccl_collective_backend": "ray_ascend.collective",
    "register_hccl_tensor_transport": "ray_ascend.hccl_transport.registration",
    "register_yr_tensor_transport": "ray_ascend.registration",
    "set_yr_npu_stream": "ray_ascend.npu.streams",
}

__commit__ = commit()

refuse_twin()
warn_of_old_ray()
announce()


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # Before the import: an old Ray lacks what its modules ask for.
    refuse_old_ray()
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
