"""This process's view of the backend: start it, find this node's worker, take it down.

Nothing here is cached; see `connection.py` for what a process remembers.
"""

from __future__ import annotations

import concurrent.futures
import logging
import time
import uuid
from typing import Any

import ray

from ray_ascend.actor_names import COORDINATOR, NAMESPACE
from ray_ascend.config import BackendConfig
from ray_ascend.coordinator import Coordinator
from ray_ascend.endpoint import WorkerEndpoint
from ray_ascend.errors import NotInitializedError, RayAscendError, StoreUnavailableError
from ray_ascend.patience import REPLACEMENT_S

logger = logging.getLogger(__name__)

_START_TIMEOUT_S = 120.0
_LOOKUP_TIMEOUT_S = 20.0
_PAUSE_S = 0.02


def start(config: BackendConfig) -> None:
    """Start the backend unless it runs; called by drivers. Raises BackendStartError."""
    deadline = time.monotonic() + _START_TIMEOUT_S
    while (active := _try_to_start(config)) is None:
        if time.monotonic() > deadline:
            raise NotInitializedError(
                "the YR backend of this Ray cluster is always being taken down"
            )
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
        start = coordinator.start.remote(_node_id(), _job_id())
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


def find_worker(patience_s: float = REPLACEMENT_S) -> WorkerEndpoint:
    """Ask the coordinator for this node's worker, which it starts if there is none.

    Raises NotInitializedError without a backend, and StoreUnavailableError if the answer is not
    there after so many seconds.
    """
    node_id, deadline = _node_id(), time.monotonic() + patience_s
    while True:
        try:
            coordinator = ray.get_actor(COORDINATOR, namespace=NAMESPACE)
            question = coordinator.endpoint.remote(node_id, _job_id())
            endpoint: WorkerEndpoint | None = _result(question, patience_s)
        except ray.exceptions.ActorUnavailableError as error:
            # Ray starts it again.
            if time.monotonic() > deadline:
                raise _not_running() from error
            time.sleep(_PAUSE_S)
        except (ValueError, ray.exceptions.RayActorError) as error:
            raise _not_running() from error
        except concurrent.futures.TimeoutError as error:
            raise StoreUnavailableError(
                f"Ray node {node_id} still has no datasystem worker that answers, {patience_s:.0f} "
                "s after the YR backend's coordinator was asked for one"
            ) from error
        else:
            break
    if endpoint is None:
        raise NotInitializedError(f"the YR backend has no running worker on Ray node {node_id}")
    return endpoint


def _not_running() -> NotInitializedError:
    return NotInitializedError(
        "the YR backend is not running in this Ray cluster; call register_yr_tensor_transport() in "
        "the driver first"
    )


def stop() -> None:
    """Take the backend down; idempotent, returns when its name is free again."""
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
        if found._actor_id != coordinator._actor_id:  # noqa: SLF001 - Ray tells it nowhere else
            return
        time.sleep(_PAUSE_S)


def _result(ref: Any, timeout_s: float) -> Any:
    """Wait for an actor's answer without ray.get, which warns inside asynchronous actors."""
    try:
        return ref.future().result(timeout_s)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, RayAscendError):
            raise error.cause from None
        raise


def _answer(ref: Any, timeout_s: float) -> Any:
    try:
        return _result(ref, timeout_s)
    except concurrent.futures.TimeoutError as error:
        raise NotInitializedError(
            f"the YR backend's coordinator did not answer within {timeout_s:g} s"
        ) from error


def _job_id() -> str:
    job_id: str = ray.get_runtime_context().get_job_id()
    return job_id


def _node_id() -> str:
    node_id: str = ray.get_runtime_context().get_node_id()
    return node_id
