"""What a process remembers of its transfers until its exporter hands it to Ray.

    transfer --record(event)--> queue --every few seconds, in a thread--> exporter --> Ray

`record` is all that a transfer pays for: an append to a queue, which is atomic. Exporter and queue
are made at the first event, and again by the child of a fork, since threads are not inherited.
`RAY_ASCEND_METRICS=0` in the environment of a process leaves both out.
"""

from __future__ import annotations

import collections
import os
import threading
from collections.abc import Callable, Iterator
from typing import Final

from ray_ascend.metrics.definitions import KEYS_OWNED
from ray_ascend.metrics.events import Event, Sample
from ray_ascend.metrics.exporter import Exporter

_VARIABLE: Final = "RAY_ASCEND_METRICS"


class Recorder:
    """The events of one process that nobody has taken yet, in any thread."""

    def __init__(self) -> None:
        is_on = os.environ.get(_VARIABLE, "").strip() != "0"
        self.keys_owned: Callable[[], int] | None = None
        self.exporter = Exporter(self.take) if is_on else None
        is_heard = self.exporter is not None and self.exporter.begin()
        self._events = collections.deque[Event](maxlen=None if is_heard else 0)
        self.remember: Final = self._events.append

    def take(self) -> list[Sample]:
        """Give what has happened since the last time, counters summed up, and what is now."""
        sums: dict[tuple[object, tuple[str, ...]], Sample] = {}
        samples = []
        for sample in self._taken():
            if sample.metric.kind == "counter":
                key = (sample.metric.name, sample.labels)
                value = sample.value + (sums[key].value if key in sums else 0)
                sums[key] = sample._replace(value=value)
            else:
                samples.append(sample)
        if self.keys_owned is not None:
            samples.append(Sample(KEYS_OWNED, (), self.keys_owned()))
        return [*sums.values(), *samples]

    def _taken(self) -> Iterator[Sample]:
        while self._events:
            yield from self._events.popleft().samples()


class _Process:
    """Holds the recorder of this process, if it has one."""

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget the parent's after a fork: another thread may have held its locks."""
        self.recorder: Recorder | None = None
        self._making = threading.Lock()

    def make(self) -> Recorder:
        """Make the recorder, once."""
        with self._making:
            if self.recorder is None:
                self.recorder = Recorder()
            return self.recorder


_process: Final = _Process()
os.register_at_fork(after_in_child=_process.begin_anew)


def record(event: Event) -> None:
    """Remember an event; called wherever something happens, in any thread, never raises."""
    (_process.recorder or _process.make()).remember(event)


def watch_keys(owned: Callable[[], int]) -> None:
    """Ask this for the number of keys that the process owns, from now on."""
    (_process.recorder or _process.make()).keys_owned = owned
