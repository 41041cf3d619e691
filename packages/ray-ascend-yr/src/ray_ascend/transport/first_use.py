"""A Ray cluster in which nobody has registered: the first use of the transport starts the backend.

driver, actor: .remote() of a method of the transport, a tensor to be stored
    --> does the backend run?  yes: nothing  |  taken down: nothing  |  never started: start it
"""

from __future__ import annotations

import logging
import threading

from ray_ascend.store import connection
from ray_ascend.store.discovery import job_id, node_id
from ray_ascend.store.process_state import of_process

logger = logging.getLogger(__name__)


class _Asked:
    """The Ray clusters in which this process has asked already."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.scopes: set[tuple[str, str]] = set()


def ensure_backend() -> None:
    """Start the backend if this Ray cluster never had one; any thread, once a process and cluster.

    With this process's YR_DS_* variables, as a registration in a driver does. Where
    `cleanup_yr_resources` was called, it stays away until somebody registers. Raises
    ConfigurationError and BackendStartError.
    """
    asked, scope = of_process(_Asked), (node_id(), job_id())
    if scope in asked.scopes:
        return
    with asked.lock:
        if scope not in asked.scopes:
            # Who has registered in an actor knows its worker, and need not ask a second time.
            if not connection.is_there():
                _start_if_new()
            asked.scopes.add(scope)


def _start_if_new() -> None:
    from ray_ascend.backend import lifecycle
    from ray_ascend.backend.config import BackendConfig

    # This process's variables do not matter, and may be wrong, where there is a backend.
    if lifecycle.is_running() or lifecycle.was_taken_down():
        return
    logger.warning(
        "nobody has called register_yr_tensor_transport() in this Ray cluster: the YR backend is "
        "started now, with the YR_DS_* variables of this process"
    )
    lifecycle.ensure(BackendConfig.from_env())
