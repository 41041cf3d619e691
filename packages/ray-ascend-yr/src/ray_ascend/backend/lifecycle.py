"""Start the backend of a Ray cluster, and take it down; called by drivers."""

from __future__ import annotations

import concurrent.futures
import logging
import time
import uuid
from typing import Any

import ray

from ray_ascend import ray_internals
from ray_ascend.backend.config import BackendConfig
from ray_ascend.backend.coordinator import Coordinator
from ray_ascend.errors import NotInitializedError, RayAscendError
from ray_ascend.store.actor_names import COORDINATOR, NAMESPACE
from ray_ascend.store.discovery import job_id, node_id, result_of

logger = logging.getLogger(__name__)

_START_TIMEOUT_S = 120.0
_LOOKUP_TIMEOUT_S = 20.0
_PAUSE_S = 0.02
_TAKEN_DOWN = b"taken-down"


def start(config: BackendConfig) -> None:
    """Start the backend unless it runs; called by drivers. Raises BackendStartError.

    A backend that runs with other settings is a warning.
    """
    active = ensure(config)
    if differences := config.differences(active):
        logger.warning(
            "the YR backend of this Ray cluster already runs, with other settings, which stay "
            "in force: %s; to change them, call cleanup_yr_resources() first",
            "; ".join(differences),
        )


def _try_to_start(config: BackendConfig) -> BackendConfig | None:
    """Give the settings in force; None if somebody took the backend down in the meantime."""
    coordinator = _create_coordinator(config)
    try:
        start = coordinator.start.remote(node_id(), job_id())
        active: BackendConfig | None = _answer(start, _START_TIMEOUT_S)
    except ray.exceptions.RayActorError as error:
        logger.info("the YR coordinator ended while the backend was started: %s", error)
        active = None
    except RayAscendError:
        _dismiss(coordinator)
        raise
    if active is None:
        _wait_until_gone(coordinator)
    return active


def ensure(config: BackendConfig) -> BackendConfig:
    """Start the backend unless it runs, in any process; gives the settings that are in force."""
    ray_internals.delete_key(_TAKEN_DOWN, NAMESPACE.encode())
    deadline = time.monotonic() + _START_TIMEOUT_S
    while (active := _try_to_start(config)) is None:
        if time.monotonic() > deadline:
            raise NotInitializedError(
                "the YR backend of this Ray cluster is always being taken down"
            )
    return active


def stop() -> None:
    """Take the backend down; idempotent, returns when its name is free again."""
    ray_internals.write_key(_TAKEN_DOWN, job_id().encode(), NAMESPACE.encode())
    try:
        coordinator = ray.get_actor(COORDINATOR, namespace=NAMESPACE)
    except ValueError:
        return
    try:
        _answer(coordinator.stop.remote(), _START_TIMEOUT_S)
    except (ray.exceptions.RayActorError, NotInitializedError) as error:
        # Its supervisors die with it, and their reapers clean up.
        logger.info("the YR coordinator could not stop the backend itself: %s", error)
    _kill(coordinator)


def is_running() -> bool:
    """Tell whether there is a backend that has, or is getting, a worker."""
    try:
        coordinator = ray.get_actor(COORDINATOR, namespace=NAMESPACE)
        is_idle: bool = _answer(coordinator.idle.remote(), _LOOKUP_TIMEOUT_S)
    except (ValueError, ray.exceptions.RayActorError):
        return False
    return not is_idle


def was_taken_down() -> bool:
    """Tell whether this process's job has called `stop`, and nobody has started it since."""
    return ray_internals.read_key(_TAKEN_DOWN, NAMESPACE.encode()) == job_id().encode()


def _create_coordinator(config: BackendConfig) -> Any:
    """Create the actor, or find it; Ray starts it again if it dies."""
    return (
        ray.remote(Coordinator)
        .options(
            name=COORDINATOR,
            namespace=NAMESPACE,
            lifetime="detached",
            get_if_exists=True,
            num_cpus=0,
            max_restarts=-1,
        )
        .remote(config, f"yr-{uuid.uuid4().hex[:12]}")
    )


def _dismiss(coordinator: Any) -> None:
    """Leave no actor behind after a failed start, unless another driver uses it."""
    try:
        if _answer(coordinator.idle.remote(), _LOOKUP_TIMEOUT_S):
            _kill(coordinator)
    except ray.exceptions.RayActorError as error:
        logger.info("the YR coordinator was gone already: %s", error)


def _kill(coordinator: Any) -> None:
    ray.kill(coordinator)
    _wait_until_gone(coordinator)


def _wait_until_gone(coordinator: Any) -> None:
    """Return when the name is another actor's or free, or after a while."""
    deadline = time.monotonic() + _LOOKUP_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            found = ray.get_actor(COORDINATOR, namespace=NAMESPACE)
        except ValueError:
            return
        if not ray_internals.is_same_actor(found, coordinator):
            return
        time.sleep(_PAUSE_S)


def _answer(ref: Any, timeout_s: float) -> Any:
    try:
        return result_of(ref, timeout_s)
    except concurrent.futures.TimeoutError as error:
        raise NotInitializedError(
            f"the YR backend's coordinator did not answer within {timeout_s:g} s"
        ) from error
