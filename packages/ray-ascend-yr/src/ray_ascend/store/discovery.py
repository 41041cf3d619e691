"""Which worker is this node's: asked of the coordinator, of which only the name is known here.

Nothing is cached; see `connection.py` for what a process remembers.
"""

from __future__ import annotations

import concurrent.futures
import time
from typing import Any

import ray

from ray_ascend.errors import NotInitializedError, RayAscendError, StoreUnavailableError
from ray_ascend.store.actor_names import COORDINATOR, NAMESPACE
from ray_ascend.store.endpoint import WorkerEndpoint
from ray_ascend.store.worker_start import REPLACEMENT_S

_PAUSE_S = 0.02


def find_worker(patience_s: float = REPLACEMENT_S) -> WorkerEndpoint:
    """Ask the coordinator for this node's worker, which it starts if there is none.

    Raises NotInitializedError without a backend, and StoreUnavailableError if the answer is not
    there after so many seconds.
    """
    node, deadline = node_id(), time.monotonic() + patience_s
    while True:
        try:
            coordinator = ray.get_actor(COORDINATOR, namespace=NAMESPACE)
            question = coordinator.endpoint.remote(node, job_id())
            endpoint: WorkerEndpoint | None = result_of(question, patience_s)
        except ray.exceptions.ActorUnavailableError as error:
            # Ray starts it again.
            if time.monotonic() > deadline:
                raise _not_running() from error
            time.sleep(_PAUSE_S)
        except (ValueError, ray.exceptions.RayActorError) as error:
            raise _not_running() from error
        except concurrent.futures.TimeoutError as error:
            raise StoreUnavailableError(
                f"Ray node {node} still has no datasystem worker that answers, {patience_s:.0f} "
                "s after the YR backend's coordinator was asked for one"
            ) from error
        else:
            break
    if endpoint is None:
        raise NotInitializedError(f"the YR backend has no running worker on Ray node {node}")
    return endpoint


def _not_running() -> NotInitializedError:
    return NotInitializedError(
        "the YR backend is not running in this Ray cluster; call register_yr_tensor_transport() in "
        "the driver first"
    )


def result_of(ref: Any, timeout_s: float) -> Any:
    """Wait for an actor's answer without ray.get, which warns inside asynchronous actors."""
    try:
        return ref.future().result(timeout_s)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, RayAscendError):
            raise error.cause from None
        raise


def job_id() -> str:
    """Give the Ray job that this process belongs to."""
    return str(ray.get_runtime_context().get_job_id())


def node_id() -> str:
    """Give the Ray node that this process is on."""
    return str(ray.get_runtime_context().get_node_id())
