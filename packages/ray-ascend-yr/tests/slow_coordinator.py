"""A coordinator whose creation takes as long as Ray may need to tell it of its own restart."""

from __future__ import annotations

import asyncio
import os
import pathlib
import time

import ray

from ray_ascend.backend.config import BackendConfig
from ray_ascend.backend.coordinator import Coordinator

CREATION_S = 1.0


class SlowCoordinator(Coordinator):
    """Writes into a file which process has begun to look after the nodes."""

    def __init__(self, config: BackendConfig, cluster: str, begun: str) -> None:
        self._begun = begun
        # Whoever has called an actor is told of its state; the first that Ray says is "restarting".
        ray.get_runtime_context().current_actor.questions.remote()
        time.sleep(CREATION_S)
        super().__init__(config, cluster)

    async def begin(self) -> None:
        """Begin, and say so."""
        await super().begin()
        await asyncio.to_thread(pathlib.Path(self._begun).write_text, str(os.getpid()))
