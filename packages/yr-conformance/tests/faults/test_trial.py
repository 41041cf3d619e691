"""Trials must notice what they are there for: hangs, no recovery, things left behind."""

from __future__ import annotations

import pytest

from yr_conformance.fair_time import Elapsed, TooBusyError
from yr_conformance.faults.trial import GRACE_S, Trial, Trials


def recovered() -> Trial:
    """Make a trial after which all is well."""
    trial = Trial("fault")
    trial.mended()
    trial.recover(lambda: True)
    return trial


def refuse(_trial: Trial | None = None) -> bool:
    """Fail as the SDK does."""
    raise RuntimeError("code: [RPC unavailable], msg: [no answer]")


def test_calls_are_noted_with_their_status() -> None:
    """An error of the SDK is noted by its status, an answer as ok."""
    trial = recovered()

    assert trial.call("get", 1.0, lambda: [b"x"]) == [b"x"]
    assert trial.call("set", 1.0, refuse) is None

    assert [(one.call, one.outcome, one.failed) for one in trial.seen] == [
        ("get", "ok", False),
        ("set", "RPC unavailable", True),
    ]
    trial.check()


def test_a_hang_is_noticed() -> None:
    """A call that took longer than it may fails the check, whatever its answer."""
    trial = recovered()
    trial.note("get", "", Elapsed(*[1.0 + GRACE_S + 0.1] * 2), limit_s=1.0)

    with pytest.raises(AssertionError, match="longer than allowed"):
        trial.check()


def test_a_busy_machine_is_no_hang() -> None:
    """A call that was late only because nobody got any CPU says nothing."""
    trial = recovered()
    trial.note("get", "", Elapsed(real_s=1.0 + GRACE_S + 0.1, fair_s=0.5), limit_s=1.0)

    with pytest.raises(TooBusyError, match=r"6.1 s instead of 6 s"):
        trial.check()


def test_a_recovery_that_does_not_come_is_noticed() -> None:
    """Transfers are tried until the time is over; none that succeeds fails the check."""
    trial = Trial("fault")
    trial.mended()
    trial.recover(refuse, within_s=0.2)

    with pytest.raises(AssertionError, match="no transfer succeeded"):
        trial.check()


def test_what_is_left_is_noticed() -> None:
    """Anything left behind fails the check and is in the row."""
    trial = recovered()
    trial.left = ["key"]

    with pytest.raises(AssertionError, match=r"left behind: \['key'\]"):
        trial.check()
    assert trial.row().endswith("| key |")


def test_a_trial_that_cannot_be_made_concerns_no_other() -> None:
    """Its error is raised where it is asked for; the others are there."""
    trials = Trials()
    trials.make("broken", refuse)
    trials.make("fine", Trial.mended)

    assert trials["fine"].fault == "fine"
    with pytest.raises(RuntimeError, match="RPC unavailable"):
        trials["broken"]
