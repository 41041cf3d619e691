"""Reading: the memory of a copy between NPUs outlives everybody who wanted it."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import cast

import pytest
import torch

from ray_ascend.errors import TransferError
from ray_ascend.npu.arrivals import Landing, LateArrivals
from ray_ascend.npu.reading import Reading
from ray_ascend.objects.metadata import NpuOrigin
from ray_ascend.store.npu_client import Arrival
from ray_ascend.store.process_state import of_process


class Copy:
    """A copy that ends when the test says so, in the place of one of the datasystem's."""

    def __init__(self) -> None:
        self.ended = False

    def has_ended(self) -> bool:
        """Tell whether it has."""
        return self.ended


@pytest.fixture
def copy() -> Iterator[Copy]:
    """A copy under way; nothing of it is kept after the test."""
    copy = Copy()
    yield copy
    copy.ended = True
    assert not of_process(LateArrivals).are_there()


def reading(copy: Copy) -> tuple[Reading, weakref.ref[torch.Tensor]]:
    """Give a reading, and a way to see whether its memory is still there."""
    tensor = torch.zeros(4)
    landing = Landing([tensor], [])
    one = Reading("key", NpuOrigin("host", 0, b""), 0, landing, cast(Arrival, copy))
    return one, weakref.ref(tensor)


def test_a_dropped_reading_keeps_its_memory_until_the_copy_has_ended(copy: Copy) -> None:
    """The datasystem writes into it although nobody has the reading any more."""
    one, memory = reading(copy)

    del one

    assert memory() is not None
    assert of_process(LateArrivals).are_there()
    copy.ended = True
    assert not of_process(LateArrivals).are_there()
    assert memory() is None


def test_a_reading_whose_copy_has_ended_keeps_nothing(copy: Copy) -> None:
    """Its memory goes with it."""
    one, memory = reading(copy)
    copy.ended = True

    del one

    assert memory() is None


def test_an_error_on_the_way_keeps_the_memory(copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever ends the wait, the copy may still write."""
    one, memory = reading(copy)

    def fail(*_: object) -> bool:
        raise TransferError("given up", "key")

    monkeypatch.setattr("ray_ascend.npu.reading._arrives", fail)
    with pytest.raises(TransferError):
        one.finish(cast("object", None))  # type: ignore[arg-type]
    del one

    assert memory() is not None
    assert of_process(LateArrivals).are_there()


def test_after_a_late_copy_another_one_is_not_waited_for(
    copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client receives in one thread: what was begun behind it would take as long."""
    late, _ = reading(copy)
    late.give_up()
    behind, memory = reading(copy)
    monkeypatch.setattr("ray_ascend.npu.reading._arrives", lambda *_: True)

    assert behind.finish(cast("object", None)) is None  # type: ignore[arg-type]

    del behind
    assert memory() is not None
