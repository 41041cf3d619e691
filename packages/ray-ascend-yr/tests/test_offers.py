"""Offers: objects of NPU tensors are deleted, whatever thread notices that nobody wants them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import torch

from ray_ascend.npu.published import Offers, Published
from ray_ascend.store.connection import Connection

PATIENCE_S = 30.0


class Datasystem:
    """Stands in for a connection and for its client: keys of NPU memory are offered and deleted."""

    def __init__(self, answer: Callable[[str], list[str]] = lambda _: []) -> None:
        self.deleted: list[str] = []
        self.disowned: list[str] = []
        self._answer = answer

    @property
    def npu_client(self) -> Datasystem:
        """The client, which has no other state."""
        return self

    def withdraw(self, keys: Sequence[str]) -> list[str]:
        """Note the keys, and give back those that the answer refuses."""
        self.deleted += keys
        return [key for asked in keys for key in self._answer(asked)]

    def disown(self, key: str) -> None:
        """Note the key."""
        self.disowned.append(key)


def offered(datasystem: Datasystem, *keys: str) -> Offers:
    """Give the offers of a process that has published the keys."""
    offers = Offers()
    for key in keys:
        published = Published(cast(Connection, datasystem), key, 0, [torch.zeros(1)])
        offers._published[key] = published
    return offers


def test_a_key_that_is_being_read_is_deleted_at_the_next_occasion() -> None:
    """It stays with its tensors until then, and is owned until it has gone."""
    readers = ["a"]
    datasystem = Datasystem(lambda key: [key] if key in readers else [])
    offers = offered(datasystem, "a", "b")

    offers.retract(["a"])
    assert (datasystem.disowned, offers.held("a")) == ([], None)
    assert offers.find("a") is not None
    readers.clear()
    offers.retract(["b"])

    assert sorted(datasystem.disowned) == ["a", "b"]
    assert offers.find("a") is None


def test_a_key_is_deleted_by_one_thread_only() -> None:
    """What a thread is deleting, another one that frees something else leaves alone."""
    begun, go_on = threading.Event(), threading.Event()

    def wait(key: str) -> list[str]:
        if key == "slow":
            begun.set()
            go_on.wait(PATIENCE_S)
        return []

    datasystem = Datasystem(wait)
    offers = offered(datasystem, "slow", "quick")
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(offers.retract, ["slow"])
        assert begun.wait(PATIENCE_S)
        offers.retract(["quick"])
        go_on.set()
        slow.result(PATIENCE_S)

    assert datasystem.deleted == ["slow", "quick"]
    assert offers.find("slow") is None
