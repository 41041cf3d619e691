"""Whether a process and the worker of its node belong together: both are released, or neither.

A stand-in's client cannot talk to a released worker, nor the other way round; without this check
that is a worker which does not answer. It happens where a runtime_env changes the path of actors.
"""

from __future__ import annotations

import os

import psutil

from ray_ascend.errors import InstallationError
from ray_ascend.store.endpoint import WorkerEndpoint
from ray_ascend.store.sdk import sdk_module

_RELEASED_WORKER = "datasystem_worker"
_RELEASED_SDK = "libds_client_py"


def check_counterpart(endpoint: WorkerEndpoint) -> None:
    """Raise InstallationError if a client of this process cannot talk to that worker.

    Looks at the worker's program, as its node's processes may; says nothing where they may not.
    """
    origin = os.path.dirname(str(sdk_module().__file__))
    try:
        worker = os.path.basename(psutil.Process(endpoint.pid).exe())
    except psutil.Error:
        return
    if (worker == _RELEASED_WORKER) == _is_released(origin):
        return
    ours, theirs = _names(is_released=_is_released(origin))
    raise InstallationError(
        f"process {os.getpid()} has {ours} ({origin}), and the datasystem worker of its Ray node "
        f"at {endpoint.address} (process {endpoint.pid}) is {theirs}; these cannot talk to each "
        "other. Start Ray's nodes, drivers and actors all with the same one, for example all with "
        "`yr-fake-ds run --` or none; a runtime_env may have changed PYTHONPATH"
    )


def _is_released(origin: str) -> bool:
    with os.scandir(os.path.join(origin, "lib")) as found:
        return any(
            entry.name.startswith(_RELEASED_SDK) and entry.name.endswith(".so") for entry in found
        )


def _names(*, is_released: bool) -> tuple[str, str]:
    names = "the SDK of openyuanrong-datasystem", "a stand-in"
    others = "a stand-in for the SDK", "openyuanrong-datasystem's"
    return names if is_released else others
