"""Clients of the SDK, in this process and in others.

The released client holds the GIL in every call, so whatever must happen while a call waits happens
in another process: `elsewhere` runs a function of the suite there.
"""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import uuid
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from yr_conformance.datasystem.worker import HOST
from yr_conformance.waiting import PATIENCE_S

Answer = TypeVar("Answer")

TIMEOUTS = {"connect_timeout_ms": 60_000, "req_timeout_ms": 15_000}
"""Of clients that no clause expects to run out of time, on a busy machine either."""

_counted: weakref.WeakSet[Any] = weakref.WeakSet()


def counted(client: Answer) -> Answer:
    """Count the client among the open ones; its worker keeps a place for it until it is gone."""
    _counted.add(client)
    return client


def open_clients() -> list[Any]:
    """Give the clients of this process that were counted and that live."""
    return list(_counted)


def connect(port: int, **options: Any) -> Any:
    """Make and init a KVClient with ample time-outs; options are the SDK's."""
    from yr.datasystem import KVClient

    return _connected(KVClient, port, options)


def connect_objects(port: int, **options: Any) -> Any:
    """Make and init an ObjectClient with ample time-outs; options are the SDK's."""
    from yr.datasystem import ObjectClient

    return _connected(ObjectClient, port, options)


def connect_hetero(port: int, **options: Any) -> Any:
    """Make and init a HeteroClient with ample time-outs; options are the SDK's."""
    from yr.datasystem import HeteroClient

    return _connected(HeteroClient, port, options)


def _connected(client_class: Any, port: int, options: dict[str, Any]) -> Any:
    client = counted(client_class(HOST, port, **(TIMEOUTS | options)))
    client.init()
    return client


def new_tenant() -> str:
    """Give the name of a tenant that no other test has."""
    return f"t{uuid.uuid4().hex[:8]}"


def transact(client: Any, keys: list[str], values: list[bytes]) -> None:
    """Store new values all or not at all, by `msettx` in the only way that it supports."""
    from yr.datasystem.kv_client import ExistenceOpt

    client.msettx(keys, values, existence_opt=ExistenceOpt.NX)


class Elsewhere:
    """Another process, for functions that are importable from a module of the suite."""

    def __init__(self, executor: concurrent.futures.Executor) -> None:
        self._executor = executor

    def begin(
        self, function: Callable[..., Answer], *arguments: Any
    ) -> concurrent.futures.Future[Answer]:
        """Start it and go on."""
        return self._executor.submit(function, *arguments)

    def run(self, function: Callable[..., Answer], *arguments: Any) -> Answer:
        """Run it and wait for what it returns or raises."""
        return self.begin(function, *arguments).result(PATIENCE_S)


@contextmanager
def elsewhere_process() -> Iterator[Elsewhere]:
    """Keep one fresh process, started without fork, for the block."""
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as executor:
        executor.submit(os.getpid).result(PATIENCE_S)
        yield Elsewhere(executor)


class Keys:
    """Makes keys that no other test uses, and remembers them."""

    def __init__(self) -> None:
        self._prefix = f"c{uuid.uuid4().hex[:12]}:"
        self.made: list[str] = []

    def __call__(self, name: str = "key") -> str:
        """Give the test's own key of that name; the same for the same name."""
        key = f"{self._prefix}{name}"
        if key not in self.made:
            self.made.append(key)
        return key

    def many(self, count: int) -> list[str]:
        """Give so many different keys."""
        return [self(f"{number}") for number in range(count)]
