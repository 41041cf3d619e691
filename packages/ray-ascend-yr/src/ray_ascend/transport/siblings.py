"""The fetches of one `ray.get`, which begin together when the first is waited for.

    ray.get([a, b, c])    fetch a, fetch b, fetch c    announced
                          wait for c                   all three begin, c is finished
                          wait for b, wait for a       finished

Ray fetches and waits in one thread. What cannot begin so is received when it is waited for, as if
it were alone; the errors are those of each.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
import weakref
from collections import defaultdict
from collections.abc import Iterator

from ray_ascend.objects.device_path import DevicePath
from ray_ascend.store.connection import current
from ray_ascend.transport.fetch import PendingFetch

logger = logging.getLogger(__name__)


class Siblings(threading.local):
    """The fetches of a thread; none is kept alive for being here."""

    def __init__(self) -> None:
        self._announced: list[weakref.ref[PendingFetch]] = []
        self._begun: weakref.WeakSet[PendingFetch] = weakref.WeakSet()

    def announce(self, fetch: PendingFetch) -> None:
        """Remember a fetch that will be waited for in this thread."""
        self._announced.append(weakref.ref(fetch))

    def begin(self, first: PendingFetch, deadline: float) -> None:
        """Begin what was announced, if `first` was and is not the only one.

        At most until the deadline (monotonic seconds). What a device path leaves for later is
        announced still.
        """
        # Ray waits for the last first.
        fetches = [fetch for one in reversed(self._announced) if (fetch := one()) is not None]
        if first not in fetches:
            return
        self._announced.clear()
        try:
            for path, group in _by_path(fetches):
                if len(group) > 1:
                    self._begin(path, group, deadline)
        except Exception:
            # Each is received again when it is waited for, and what is wrong is told then.
            logger.debug("%d fetches did not begin together", len(fetches), exc_info=True)

    def _begin(self, path: DevicePath, fetches: list[PendingFetch], deadline: float) -> None:
        connection = current(max(0.0, deadline - time.monotonic()))
        begun = path.begin(connection, [fetch.metadata for fetch in fetches])
        self._begun.update(fetches)
        for fetch, under_way in zip(fetches, begun, strict=False):
            fetch.under_way = under_way
        for fetch in reversed(fetches[len(begun) :]):
            self.announce(fetch)

    @contextlib.contextmanager
    def until_one_fails(self) -> Iterator[None]:
        """Give up all fetches of this thread if the block fails: Ray waits for none any more."""
        try:
            yield
        except BaseException:
            for fetch in self._begun:
                fetch.give_up()
            self._begun.clear()
            self._announced.clear()
            raise


def _by_path(fetches: list[PendingFetch]) -> Iterator[tuple[DevicePath, list[PendingFetch]]]:
    """Leave out those with targets, which are written by whoever waits for them."""
    groups: dict[int, list[PendingFetch]] = defaultdict(list)
    for fetch in fetches:
        if fetch.metadata.key and fetch.targets is None and not fetch.is_waited_for:
            groups[id(fetch.path)].append(fetch)
    for group in groups.values():
        yield group[0].path, group
