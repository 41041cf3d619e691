"""How two ranks meet for one object: both come, or both hear why not. No NPU is needed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from conftest import wait_until
from torch._C._distributed_c10d import HashStore

from ray_ascend.collective.transfer import Transfer
from ray_ascend.collective.transfers import Transfers
from ray_ascend.errors import CollectiveError


class Living:
    """A roster of actors that are alive, but for those that are named."""

    def __init__(self, *dead: int) -> None:
        self._dead = dead

    def dead(self, ranks: Any) -> list[int]:
        """Give those of them that have died."""
        return [rank for rank in ranks if rank in self._dead]

    dead_soon = dead


@pytest.fixture
def sides() -> Callable[..., list[Transfer]]:
    """Make both sides of a transfer between the ranks 0 and 1."""
    store = HashStore()

    def make(limit: float = 30.0, *dead: int) -> list[Transfer]:
        roster: Any = Living(*dead)
        return [Transfer(store, rank, 1 - rank, roster, "one", limit) for rank in (0, 1)]

    return make


def beside(function: Callable[..., Any], *arguments: Any) -> Future[Any]:
    """Run it in another thread."""
    with_one = ThreadPoolExecutor(1)
    future = with_one.submit(function, *arguments)
    with_one.shutdown(wait=False)
    return future


def test_each_is_told_the_other_s_communicator(sides: Any) -> None:
    """Whichever comes first."""
    first, second = sides()

    waiting = beside(first.meet, "old")

    assert second.meet("new") == "old"
    assert waiting.result() == "new"


def test_what_a_transfer_leaves_is_taken_away(sides: Any) -> None:
    """By the receiver: the same id is as new."""
    first, second = sides()
    waiting = beside(first.meet, "")
    second.meet("")
    waiting.result()

    second.forget()

    again = beside(sides()[0].meet, "x")
    assert sides()[1].meet("") == "x"
    assert again.result() == ""


@pytest.mark.parametrize("waits", [True, False])
def test_a_refusal_reaches_the_other_with_its_reason(sides: Any, waits: bool) -> None:
    """Whether it waits already or comes later."""
    first, second = sides()
    waiting = beside(first.meet, "") if waits else None

    second.refuse("no such tensor")

    with pytest.raises(CollectiveError, match="rank 1: no such tensor") as caught:
        waiting.result() if waiting else first.meet("")
    assert caught.value.ranks == (1,)


def test_a_side_that_waits_in_vain_gives_up_for_both(sides: Any) -> None:
    """Who comes later does not wait at all."""
    first, second = sides(0.05)

    with pytest.raises(CollectiveError, match="rank 1 did not come to this transfer"):
        first.meet("")

    with pytest.raises(CollectiveError, match="rank 0: rank 1 did not come"):
        second.meet("")


def test_a_wait_ends_when_it_is_given_up_by_another_thread(sides: Any) -> None:
    """With the reason."""
    first, _ = sides()
    waiting = beside(first.meet, "")

    first.give_up("not wanted any more")

    with pytest.raises(CollectiveError, match="not wanted any more"):
        waiting.result()


def test_a_side_that_died_is_named(sides: Any) -> None:
    """The other one does not wait for its limit."""
    first, _ = sides(600.0, 1)

    with pytest.raises(CollectiveError, match="the actor of rank 1 has died") as caught:
        first.meet("")
    assert caught.value.ranks == (1,)


def test_a_transfer_can_be_given_up_before_it_begins() -> None:
    """Ray tells in a thread of its own, which may be ahead."""
    transfers = Transfers(HashStore(), 0, "some", _living(), 0)
    transfers.give_up("later", "not wanted any more")

    with (
        transfers._transfer("send to", 1, "later", 30.0) as transfer,
        pytest.raises(CollectiveError, match="not wanted any more"),
    ):
        transfer.meet("")


def test_closing_ends_what_is_under_way() -> None:
    """And refuses what comes after."""
    transfers = Transfers(HashStore(), 0, "some", _living(), 0)
    begun = threading.Event()

    def wait() -> None:
        with transfers._transfer("send to", 1, "id", 30.0) as transfer:
            begun.set()
            transfer.meet("")

    waiting = beside(wait)
    wait_until(begun.is_set)
    transfers.close()

    for ended in (waiting, beside(wait)):
        with pytest.raises(CollectiveError, match="the group was destroyed"):
            ended.result()


def _living() -> Any:
    return Living()
