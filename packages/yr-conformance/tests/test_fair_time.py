"""Fair time: what a busy machine does to a promise, and that it is measured."""

from __future__ import annotations

import contextlib
import os
import pathlib
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest
from conftest import Suite

from yr_conformance.fair_time import (
    VARIABLE,
    Elapsed,
    Stopwatch,
    TooBusyError,
    fair_now,
    metronome,
)
from yr_conformance.nodes.remains import left_after
from yr_conformance.waiting import wait_until

LATE = """
from yr_conformance.fair_time import Elapsed

@clause("EX-ONE-01", MUST, source="here")
def test_one():
    "It ends in time."
    assert Elapsed(real_s=12.0, fair_s=1.0).keeps(10.0)
"""
GREEDY = """
import time
while time.thread_time() < 2:
    pass
"""


@pytest.fixture
def ticking(tmp_path: pathlib.Path) -> Iterator[None]:
    """A metronome that has begun to count."""
    with metronome(str(tmp_path)):
        begin = fair_now()
        wait_until(lambda: fair_now() > begin, "the metronome counts")
        yield


def test_a_promise_that_is_kept_or_broken() -> None:
    """In time by the clock it is kept; late in fair time too it is broken."""
    assert Elapsed(real_s=9.0, fair_s=9.0).keeps(10.0)
    assert not Elapsed(real_s=11.0, fair_s=10.5).keeps(10.0)


def test_a_promise_on_a_busy_machine() -> None:
    """Late by the clock and not in fair time it is neither."""
    with pytest.raises(TooBusyError, match=r"12\.0 s instead of 10 s, in .* as in 1\.0 s"):
        Elapsed(real_s=12.0, fair_s=1.0).keeps(10.0)


def test_without_a_metronome_fair_time_is_that_of_the_clock() -> None:
    """Programs of the suite can also be started by hand."""
    took = Stopwatch().read()

    assert VARIABLE not in os.environ
    assert took.fair_s == pytest.approx(took.real_s, abs=0.01)


def test_fair_time_goes_by(ticking: None) -> None:
    """It is counted by another process, and never ahead of the clock."""
    watch = Stopwatch()

    wait_until(lambda: watch.read().fair_s > 0.1, "fair time goes by")

    took = watch.read()
    assert took.fair_s <= took.real_s


def test_a_busy_machine_makes_fair_time_slow(ticking: None) -> None:
    """Processes that want all CPUs leave little to one of low priority."""
    hogs = [
        subprocess.Popen([sys.executable, "-c", GREEDY]) for _ in range(4 * (os.cpu_count() or 1))
    ]
    watch = Stopwatch()

    for hog in hogs:
        hog.wait()

    took = watch.read()
    assert took.fair_s < took.real_s / 2


def test_a_metronome_that_has_ended_is_an_error(tmp_path: pathlib.Path) -> None:
    """Without its count every lateness would be the machine's."""
    counting = contextlib.ExitStack()
    counting.enter_context(metronome(str(tmp_path)))
    (child,) = [one for one in psutil.Process().children() if str(tmp_path) in one.cmdline()[-1]]

    child.kill()
    wait_until(lambda: child.status() == psutil.STATUS_ZOMBIE, "it has ended")

    with pytest.raises(RuntimeError, match="the metronome had ended, with status -9"):
        counting.close()


def test_what_stays_is_given_after_its_time() -> None:
    """What is still there when the time is over is left; what goes in time is not."""
    there = ["process"]

    assert left_after(lambda: there, 0.1) == there
    assert left_after(list, 0.1) == []


def test_a_clause_that_a_busy_machine_cannot_tell(suite: Suite) -> None:
    """It is not run, with the reason; a late system fails."""
    suite.write(LATE)

    suite.run().assert_outcomes(skipped=1)

    row = suite.report["clauses"]["EX-ONE-01"]
    assert row["state"] == "not run"
    assert row["reason"].startswith("machine too busy: 12.0 s instead of 10 s")
