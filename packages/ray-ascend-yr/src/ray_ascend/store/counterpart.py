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

    Looks at the worker's program, as its node's processes may. Says nothing where it cannot know:
    of a process that is seen from another container, or of a program that is neither.
    """
    origin = os.path.dirname(str(sdk_module().__file__))
    released_worker, released_sdk = _is_released_worker(endpoint), _is_released_sdk(origin)
    if released_worker is None or released_sdk is None or released_worker == released_sdk:
        return
    ours, theirs = _names(is_released=released_sdk)
    raise InstallationError(
        f"process {os.getpid()} has {ours} ({origin}), and the datasystem worker of its Ray node "
        f"at {endpoint.address} (process {endpoint.pid}) is {theirs}; these cannot talk to each "
        "other. Start Ray's nodes, drivers and actors all with the same one, for example all with "
        "`yr-fake-ds run --` or none; a runtime_env may have changed PYTHONPATH"
    )


def _is_released_worker(endpoint: WorkerEndpoint) -> bool | None:
    try:
        process = psutil.Process(endpoint.pid)
        program, words = os.path.basename(process.exe()), process.cmdline()
    except psutil.Error:
        return None
    if not any(endpoint.home in word for word in words):
        return None
    if program == _RELEASED_WORKER:
        return True
    return False if program.startswith("python") else None


def _is_released_sdk(origin: str) -> bool | None:
    try:
        names = os.listdir(os.path.join(origin, "lib"))
    except FileNotFoundError:
        return False
    except OSError:
        return None
    return any(name.startswith(_RELEASED_SDK) and name.endswith(".so") for name in names)


def _names(*, is_released: bool) -> tuple[str, str]:
    names = "the SDK of openyuanrong-datasystem", "a stand-in"
    others = "a stand-in for the SDK", "openyuanrong-datasystem's"
    return names if is_released else others
