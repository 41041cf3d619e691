"""What users call: make the transport available, and take the whole backend down.

driver: register --> start backend --> tell Ray
actor:  register --> wait for the driver's backend --> tell Ray
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import ray

from ray_ascend.backend import lifecycle
from ray_ascend.backend.config import BackendConfig
from ray_ascend.cpu.receiving import Receive, choose, chosen
from ray_ascend.errors import NotInitializedError
from ray_ascend.ray_internals import is_driver
from ray_ascend.store import connection
from ray_ascend.store.clients import disconnect
from ray_ascend.transport import ray_registry
from ray_ascend.transport.manager import YRTensorTransport
from ray_ascend.transport.validation import check_devices


def register_yr_tensor_transport(
    devices: Sequence[str] | None = None, *, receive: Receive | None = None
) -> None:
    """Make `tensor_transport="YR"` usable in this process.

    Call it in the driver after `ray.init()`; any number of times. It starts the backend with the
    driver's YR_DS_* variables unless it already runs. In an actor it need not be called; there it
    waits for the driver's backend.

    `devices` lists the torch device types whose tensors this process may send: `"npu"`, `"cpu"`;
    both by default, and in processes that do not call it.

    `receive` says how this process receives host tensors: `"copy"` into memory of its own, or
    `"map"`, which copies nothing: an object of 4 MiB or more is a private mapping of the worker's
    memory, which stays occupied while one of its tensors lives. Without it the variable
    RAY_ASCEND_RECEIVE of this process decides, and `"copy"` where that is not set either.

    Raises ConfigurationError (a ValueError) for a bad argument or variable, NotInitializedError
    before `ray.init()` or without a backend, and BackendStartError when the worker cannot start.
    """
    device_types, choice = check_devices(devices), chosen(receive, os.environ)
    if not ray.is_initialized():
        raise NotInitializedError(
            "Ray is not initialized; call ray.init() before register_yr_tensor_transport()"
        )
    if is_driver():
        lifecycle.start(BackendConfig.from_env())
    else:
        connection.wait_for_backend()
    choose(choice)
    ray_registry.enter(device_types, YRTensorTransport)


def cleanup_yr_resources() -> None:
    """Take down the backend of the whole Ray cluster: workers, actors, ports, directories, data.

    Any driver may call it, any number of times; `register_yr_tensor_transport` then starts anew.
    """
    connection.forget()
    disconnect()
    if ray.is_initialized():
        lifecycle.stop()
