"""This process's view of the backend: start it, find this node's worker, take it down.

Nothing here is cached; see `connection.py` for what a process remembers.
"""

from __future__ import annotations

import concurrent.futures
import logging
import time
from typing import Any

import ray

from ray_ascend.config import BackendConfig
from ray_ascend.coordinator import NAME, NAMESPACE, Coordinator
from ray_ascend.endpoint import WorkerEndpoint
from ray_ascend.errors import NotInitializedError, RayAscendError

logger = logging.getLogger(__name__)

_START_TIMEOUT_S = 120.0
_LOOKUP_TIMEOUT_S = 20.0
"""Long enough for a worker that has to be started again: 8 s, the released one, on two CPUs."""
_DRIVER_PATIENCE_S = 30.0
_ATTEMPTS = 3


def start(config: BackendConfig) -> None:
    """Start the backend unless it runs; called by drivers. Raises BackendStartError."""
    for attempt in range(_ATTEMPTS):
        coordinator = _create_coordinator()
        try:
            active = _answer(coordinator.start.remote(config, _node_id()), _START_TIMEOUT_S)
        except ray.exceptions.RayActorError:
            # Another driver took this coordinator down in the meantime.
            if attempt == _ATTEMPTS - 1:
                raise
            continue
        except RayAscendError:
            _dismiss(coordinator)
            raise
        if differences := config.differences(active):
            logger.warning(
                "the YR backend of this Ray cluster already runs, with other settings, which stay "
                "in force: %s; to change them, call cleanup_yr_resources() first",
                "; ".join(differences),
            )
        return


def wait_started() -> None:
    """Wait until the driver has started the backend; called in actors and tasks."""
    deadline = time.monotonic() + _DRIVER_PATIENCE_S
    while True:
        try:
            find_worker()
        except NotInitializedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def find_worker(patience_s: float = _LOOKUP_TIMEOUT_S) -> WorkerEndpoint:
    """Ask the coordinator for this node's worker; NotInitializedError if there is none in time."""
    node_id = _node_id()
    try:
        coordinator = ray.get_actor(NAME, namespace=NAMESPACE)
        endpoint: WorkerEndpoint | None = _answer(coordinator.endpoint.remote(node_id), patience_s)
    except (ValueError, ray.exceptions.RayActorError) as error:
        raise NotInitializedError(
            "the YR backend is not running in this Ray cluster; call "
            "register_yr_tensor_transport() in the driver first"
        ) from error
    if endpoint is None:
        raise NotInitializedError(f"the YR backend has no running worker on Ray node {node_id}")
    return endpoint


def stop() -> None:
    """Take the backend down; idempotent, returns when its name is free again."""
    try:
        coordinator = ray.get_actor(NAME, namespace=NAMESPACE)
    except ValueError:
        return
    try:
        _answer(coordinator.stop.remote(), _START_TIMEOUT_S)
    except (ray.exceptions.RayActorError, NotInitializedError) as error:
        # Its supervisors die with it, and their reapers clean up.
        logger.info("the YR coordinator could not stop the backend itself: %s", error)
    _kill(coordinator)


def _create_coordinator() -> Any:
    return (
        ray.remote(Coordinator)
        .options(
            name=NAME, namespace=NAMESPACE, lifetime="detached", get_if_exists=True, num_cpus=0
        )
        .remote()
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
    deadline = time.monotonic() + _LOOKUP_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            ray.get_actor(NAME, namespace=NAMESPACE)
        except ValueError:
            return
        time.sleep(0.02)


def _answer(ref: Any, timeout_s: float) -> Any:
    """Wait for an actor's answer without ray.get, which warns inside asynchronous actors."""
    try:
        return ref.future().result(timeout_s)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, RayAscendError):
            raise error.cause from None
        raise
    except concurrent.futures.TimeoutError as error:
        raise NotInitializedError(
            f"the YR backend's coordinator did not answer within {timeout_s:g} s"
        ) from error


def _node_id() -> str:
    node_id: str = ray.get_runtime_context().get_node_id()
    return node_id
