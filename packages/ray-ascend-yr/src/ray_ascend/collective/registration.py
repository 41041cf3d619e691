"""Makes `HCCLGroup` known to Ray, in the driver and in the actors of a group."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, Final

import ray

from ray_ascend.collective.hccl_group import HCCLGroup
from ray_ascend.collective.limits import check_operation_seconds, set_operation_seconds
from ray_ascend.errors import ConfigurationError, InstallationError

_NAME = "HCCL"
_in_actors: Final[list[Callable[[], None]]] = []


def register_hccl_collective_backend() -> None:
    """Register the collective backend "HCCL" in this process; any number of times.

    Ray looks a backend up in the process that makes a group and in each of its actors: call this in
    the driver and in each actor's `__init__`, or make the group with `create_collective_group` of
    this package, which does both.

    Raises InstallationError on Ray before 2.56, which has no registry (measured on 2.55.1), and
    ConfigurationError when the name belongs to another class already.
    """
    try:
        from ray.util.collective.backend_registry import (
            BackendRegistry,
            register_collective_backend,
        )
    except ImportError as error:
        raise InstallationError(
            f"collective groups with the backend HCCL need Ray 2.56 or newer, this is Ray "
            f"{ray.__version__}: upgrade Ray; the YR transport itself works on this one"
        ) from error
    if not BackendRegistry().is_registered(_NAME):
        register_collective_backend(_NAME, HCCLGroup)
        return
    _refuse_another(BackendRegistry().get(_NAME))


def call_in_actors(function: Callable[[], None]) -> None:
    """Let actors call this before they join a group that this process makes; any number of times.

    An actor that was made earlier than it was asked for, or was started again, has it then too.
    """
    if function not in _in_actors:
        _in_actors.append(function)


def create_collective_group(
    actors: list[Any],
    backend: str = _NAME,
    name: str | None = None,
    *,
    operation_s: float | None = None,
) -> Any:
    """Make a collective group of actors, the first being rank 0; called in the driver.

    Registers the backend where that is needed, then does what
    `ray.experimental.collective.create_collective_group` does and returns its handle, whose `name`
    is the `group_name` of the operations of `ray.util.collective`. `operation_s` is how many
    seconds an operation of an HCCL group may take; without it `RAY_ASCEND_HCCL_OPERATION_S` of each
    actor holds.

    Raises what those calls raise, ConfigurationError for a bad `operation_s`, and CollectiveError
    when an actor does not join.
    """
    from ray.experimental import collective

    if backend.upper() == _NAME:
        if operation_s is not None:
            check_operation_seconds(operation_s)
        register_hccl_collective_backend()
        name = name or str(uuid.uuid4())
        settings = (name, operation_s, tuple(_in_actors))
        ray.get([actor.__ray_call__.remote(_prepare_actor, *settings) for actor in actors])
    return collective.create_collective_group(actors, backend, name)


def _prepare_actor(
    _actor: Any, name: str, operation_s: float | None, also: tuple[Callable[[], None], ...]
) -> None:
    register_hccl_collective_backend()
    set_operation_seconds(name, operation_s)
    for function in also:
        function()


def _refuse_another(group_class: type) -> None:
    # By name: Ray may have brought the class to this process by value.
    if group_class.__qualname__ != HCCLGroup.__qualname__:
        raise ConfigurationError(
            f"the collective backend {_NAME} is already registered as {group_class.__module__}."
            f"{group_class.__qualname__} in this process: register one of the two only"
        )
