"""The thread of a process that hands its metrics to `ray.util.metrics`.

What Ray 2.55 to 2.60 does with numbers, and what follows from that:

- before `ray.init` they vanish, and after `ray.shutdown` they wait for the next `ray.init` and are
  counted there for the session that has ended: so nothing is handed over without Ray;
- one object of a metric serves all sessions of a process;
- a gauge that nobody sets again is gone after a report or two: so it is set each time;
- `ray.shutdown` reports what it was given, and asks nobody for more;
- without an agent that listens (Ray installed without its `default` extra) nothing is seen of them.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from ray_ascend.metrics.definitions import SECONDS_BOUNDARIES, Definition

if TYPE_CHECKING:
    from ray_ascend.metrics.events import Sample

logger = logging.getLogger(__name__)

PERIOD_S: Final = 2.0
"""Between two times: what was recorded since the last one is lost with a `ray.shutdown`."""
_PREFIX_OF_RAY: Final = "ray_"
_END_S: Final = 2.0


class Exporter(threading.Thread):
    """Takes what was recorded every few seconds, and once more when the interpreter ends."""

    def __init__(self, take: Callable[[], Iterable[Sample]]) -> None:
        super().__init__(name="yr-metrics", daemon=True)
        self._take = take
        self._metrics: dict[Definition, Any] = {}
        self._process, self._ended = os.getpid(), threading.Event()

    def begin(self) -> bool:
        """Start, and tell whether it did: an interpreter that is ending takes no more threads."""
        try:
            self.start()
        except RuntimeError:
            logger.debug("metrics will not be handed to Ray", exc_info=True)
            return False
        # Before Ray's own, which disconnects: the last one registered is called first.
        atexit.register(self.end)
        return True

    def run(self) -> None:
        """Hand over until the end."""
        while not self._ended.wait(PERIOD_S):
            self.hand_over()

    def end(self) -> None:
        """Stop, and hand over what is left; does nothing in the child of a fork.

        The thread must be gone by the time the interpreter ends: one that comes back from Ray then
        is ended amid C++ code, which aborts the process.
        """
        if os.getpid() != self._process or self._ended.is_set():
            return
        self._ended.set()
        if self.is_alive():
            self.join(_END_S)
        if not self.is_alive():
            self.hand_over()

    def hand_over(self) -> None:
        """Give Ray what has been recorded, or drop it where Ray is not running."""
        import ray

        try:
            samples = self._take()
            if ray.is_initialized():
                for sample in samples:
                    self._give(sample)
        except Exception:  # a program must not notice that it is being measured
            logger.debug("metrics could not be handed to Ray", exc_info=True)

    def _give(self, sample: Sample) -> None:
        definition, value = sample.metric, sample.value
        metric = self._metrics.get(definition)
        if metric is None:
            metric = self._metrics[definition] = metric_of_ray(definition)
        tags = dict(zip(definition.labels, sample.labels, strict=True))
        if definition.kind == "counter":
            metric.inc(value, tags)
        elif definition.kind == "gauge":
            metric.set(value, tags)
        else:
            metric.observe(value, tags)


def metric_of_ray(definition: Definition) -> Any:
    """Make Ray's object of a metric, without the prefix that Ray puts before its name."""
    from ray.util.metrics import Counter, Gauge, Histogram

    name = definition.name.removeprefix(_PREFIX_OF_RAY)
    if definition.kind == "counter":
        return Counter(name, definition.description, definition.labels)
    if definition.kind == "gauge":
        return Gauge(name, definition.description, definition.labels)
    return Histogram(name, definition.description, list(SECONDS_BOUNDARIES), definition.labels)
