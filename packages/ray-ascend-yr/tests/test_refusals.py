"""An NPU that could not be read from is left alone for a while, and tried again."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import pytest

from ray_ascend.errors import TransferError
from ray_ascend.npu.refusals import FIRST_S, LONGEST_S, Refusals
from ray_ascend.objects.metadata import NpuOrigin

HERE = NpuOrigin(host="127.0.0.2", npu=3, actor=b"actor")
ERROR = TransferError("no communicator", "key")


@dataclass
class Clock:
    """Seconds that pass when a test says so."""

    now: float = 1000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


def test_a_refused_npu_is_tried_again() -> None:
    """Each refusal counts twice as long as the one before, up to an hour."""
    clock = Clock()
    refusals, pauses = Refusals(clock), list[float]()

    for _ in range(9):
        refusals.note(HERE, ERROR)
        begin = clock.now
        while refusals.hold(HERE):
            clock.now += FIRST_S
        pauses.append(clock.now - begin)

    assert pauses == [min(FIRST_S * 2**n, LONGEST_S) for n in range(9)]


def test_other_npus_are_not_refused() -> None:
    """A refusal is one NPU's of one node."""
    refusals = Refusals(Clock())

    refusals.note(HERE, ERROR)

    assert refusals.hold(HERE)
    assert not refusals.hold(HERE._replace(npu=4))
    assert not refusals.hold(HERE._replace(host="127.0.0.3"))


def test_what_was_read_from_is_not_refused_any_more() -> None:
    """After a success the first pause is short again."""
    clock = Clock()
    refusals = Refusals(clock)
    for _ in range(3):
        refusals.note(HERE, ERROR)

    refusals.forget(HERE)
    assert not refusals.hold(HERE)
    refusals.note(HERE, ERROR)

    clock.now += FIRST_S
    assert not refusals.hold(HERE)


def test_a_refusal_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Which NPU, why and for how long: transfers through host memory are slower."""
    with caplog.at_level(logging.WARNING):
        Refusals(Clock()).note(HERE, ERROR)

    assert "NPU 3 of 127.0.0.2" in caplog.text
    assert "no communicator" in caplog.text
    assert "next 30 s" in caplog.text
