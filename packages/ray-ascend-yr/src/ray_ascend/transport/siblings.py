"""The fetches of one `ray.get`, which begin together when the first is waited for.

    ray.get([a, b, c])    fetch a, fetch b, fetch c    announced
                          wait for c                   all three begin, c is finished
                          wait for b, wait for a       finished

Ray fetches and waits in one thread. What cannot begin so is received when it is waited for, as if
it were alone; the errors are those of each.
"""

from __future__ import annotations

import logging
import threading
import weakref
from collections import defaultdict
from collections.abc import Iterator

from ray_ascend.errors import RayAscendError
from ray_ascend.objects.device_path import DevicePath
from ray_ascend.store.connection import current
from ray_ascend.transport.fetch import PendingFetch

logger = logging.getLogger(__name__)


class Siblings(threading.local):
    """The fetches of a thread that were announced; none is kept alive for being here."""

    def __init__(self) -> None:
        self._announced: list[weakref.ref[PendingFetch]] = []

    def announce(self, fetch: PendingFetch) -> None:
        """Remember a fetch that will be waited for in this thread."""
        self._announced.append(weakref.ref(fetch))

    def begin(self) -> None:
        """Begin those that were announced, if there are several, and forget them."""
        # Ray waits for the last first.
        fetches = [fetch for one in reversed(self._announced) if (fetch := one()) is not None]
        self._announced.clear()
        for path, group in _by_path(fetches):
            if len(group) > 1:
                _begin(path, group)


def _begin(path: DevicePath, fetches: list[PendingFetch]) -> None:
    objects = [fetch.metadata for fetch in fetches]
    try:
        for fetch, one in zip(fetches, path.begin(current(0), objects), strict=True):
            fetch.under_way = one
    except RayAscendError as error:
        # Whoever waits for one tries it again, and is told what is wrong with it.
        logger.debug("%d fetches did not begin together: %s", len(fetches), error)


def _by_path(fetches: list[PendingFetch]) -> Iterator[tuple[DevicePath, list[PendingFetch]]]:
    """Leave out those with targets, which are written by whoever waits for them."""
    groups: dict[int, list[PendingFetch]] = defaultdict(list)
    for fetch in fetches:
        if fetch.metadata.key and fetch.targets is None:
            groups[id(fetch.path)].append(fetch)
    for group in groups.values():
        yield group[0].path, group
