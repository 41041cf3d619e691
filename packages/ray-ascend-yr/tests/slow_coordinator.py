"""A coordinator whose creation takes as long as Ray may need to tell it of its own restart."""

from __future__ import annotations

import asyncio
import os
import pathlib
import time
from typing import Any

import ray

from ray_ascend.backend.config import BackendConfig
from ray_ascend.backend.coordinator import Coordinator

CREATION_S = 1.0


def new_slow_coordinator(begun: pathlib.Path) -> Any:
    """Create one; it writes into the file which process has begun to look after the nodes."""

    class SlowCoordinator(Coordinator):
        def __init__(self, config: BackendConfig, cluster: str) -> None:
            # Who has called an actor is told of its state; the first that Ray says is "restarting".
            ray.get_runtime_context().current_actor.questions.remote()
            time.sleep(CREATION_S)
            super().__init__(config, cluster)

        async def begin(self) -> None:
            await super().begin()
            await asyncio.to_thread(begun.write_text, str(os.getpid()))

    actor = ray.remote(SlowCoordinator).options(num_cpus=0, max_restarts=1)
    return actor.remote(BackendConfig(), "yr-test")
