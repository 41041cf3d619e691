"""A word about actors whose class Ray gives no threads to receive in.

    ref = trainer.weights.remote()
    rollout.update.remote(ref)      Ray queues: update, and then, when ref is ready, the transfer

Where both have one thread only, `update` occupies it and waits for the transfer behind it until
Ray's fetch time-out, 60 s, ends both (ray#66264, seen on Ray 2.55 to 2.60).
"""

from __future__ import annotations

import logging
from typing import Any

from ray_ascend.ray_internals import has_transfer_threads
from ray_ascend.store.process_state import of_process

logger = logging.getLogger(__name__)


class _Told:
    """Of which classes this process has said it."""

    def __init__(self) -> None:
        self.classes: set[str] = set()


def warn_if_it_may_hang(receiver: Any) -> None:
    """Warn, once for each class, of an actor that may wait for ever for what it is sent.

    Called in the process that passes a reference to it, in any thread, when the transfer begins.
    """
    if has_transfer_threads(receiver):
        return
    name = repr(receiver).removeprefix("Actor(").partition(",")[0]
    told = of_process(_Told).classes
    if name in told:
        return
    told.add(name)
    logger.warning(
        "actors of class %s receive tensors, and Ray gives them no thread to do it in: a task that "
        "is called before its tensors are ready waits for Ray's fetch time-out and fails "
        "(ray#66264); write @ray.remote(enable_tensor_transport=True) before the class",
        name,
    )
