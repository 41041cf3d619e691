"""Restarts of workers on the Prometheus page, in a cluster that is not the first of its process."""

from __future__ import annotations

from typing import Any

import psutil
import pytest
import ray
from conftest import HOST, wait_until
from metrics_page import cluster_with_page
from sender import transfer

from ray_ascend.metrics.definitions import TRANSFERS, WORKER_RESTARTS
from ray_ascend.store.actor_names import NAMESPACE, supervisor_name
from ray_ascend.store.discovery import find_worker, node_id


@pytest.mark.datasystem
def test_a_worker_that_is_started_again_is_counted() -> None:
    """The first start is none; the death of it is one, and so is that of its supervisor."""
    with cluster_with_page() as page:
        assert transfer() == 4950.0
        wait_until(lambda: page.values(TRANSFERS.name).get("cpu receive") == 1)
        assert page.values(WORKER_RESTARTS.name) == {}

        psutil.Process(find_worker().pid).kill()
        page.wait_for(WORKER_RESTARTS.name, **{HOST: 1})

        supervisor: Any = ray.get_actor(supervisor_name(node_id()), namespace=NAMESPACE)
        ray.kill(supervisor)
        page.wait_for(WORKER_RESTARTS.name, **{HOST: 2})
