"""A trial: one fault, what every call during it saw, how soon all was well again, what is left.

begin --> [fault] --> calls, each timed --> [mended] --> transfers until one succeeds --> left
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from yr_conformance.fair_time import Elapsed, Stopwatch

GRACE_S = 5.0
"""How much longer than its configured time a call may take on a busy machine; a hang takes more."""
RECOVERY_S = 60.0
_POLL_S = 0.1
_MAX_OUTCOME = 100


@dataclass(frozen=True)
class Seen:
    """One call during a fault: its answer or the text of its error, and its times."""

    call: str
    answer: Any
    error: str
    took: Elapsed
    limit_s: float

    @property
    def failed(self) -> bool:
        """Whether it ended with an error."""
        return bool(self.error)

    @property
    def described(self) -> str:
        """How a table shows it."""
        return f"{self.call}: {self.outcome} ({self.took.real_s:.1f} s)"

    @property
    def outcome(self) -> str:
        """What a table says of it: the name of the status, or the error's last line."""
        if self.error.startswith("code: ["):
            return self.error.removeprefix("code: [").partition("]")[0]
        return self.error.strip().splitlines()[-1][:_MAX_OUTCOME] if self.error else "ok"


@dataclass
class Trial:
    """One fault; filled by whoever makes it, looked at by clauses."""

    fault: str
    seen: list[Seen] = field(default_factory=list)
    recovered_s: float | None = None
    left: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    """What the fault should not have ended, and did."""
    errors: tuple[type[Exception], ...] = (RuntimeError,)
    """What counts as the error of a call; anything else is a defect of the trial."""
    _mended: Stopwatch = field(default_factory=Stopwatch)

    def call(self, name: str, limit_s: float, function: Callable[..., Any], *arguments: Any) -> Any:
        """Make a call and note what it saw; returns its answer, None if it failed."""
        answer, error, watch = None, "", Stopwatch()
        try:
            answer = function(*arguments)
        except self.errors as raised:
            error = str(raised) or type(raised).__name__
        self.seen.append(Seen(name, answer, error, watch.read(), limit_s))
        return answer

    def note(self, name: str, error: str, took: Elapsed, limit_s: float) -> None:
        """Note a call that another process made; an empty error means that it succeeded."""
        self.seen.append(Seen(name, None, error, took, limit_s))

    def mended(self) -> None:
        """Begin to count the time until the next transfer succeeds."""
        self._mended = Stopwatch()

    def recover(self, transfer: Callable[[], bool], within_s: float = RECOVERY_S) -> None:
        """Try transfers until one succeeds; none in that fair time leaves `recovered_s` open.

        A transfer that raises one of the errors has not succeeded.
        """
        while self._mended.read().fair_s < within_s:
            with contextlib.suppress(*self.errors):
                if transfer():
                    self.recovered_s = self._mended.read().real_s
                    return
            time.sleep(_POLL_S)

    def check(self) -> None:
        """Assert what holds of every fault: no call hangs, all is well again, nothing is left.

        TooBusyError where a call was late and the machine may be the reason.
        """
        late = [one for one in self.seen if not one.took.keeps(one.limit_s + GRACE_S)]
        assert not late, f"{self.fault}: longer than allowed: {late}"
        assert self.recovered_s is not None, f"{self.fault}: no transfer succeeded: {self.seen}"
        assert not self.left, f"{self.fault}: left behind: {self.left}"
        assert not self.lost, f"{self.fault}: ended with it: {self.lost}"

    def row(self) -> str:
        """Give the line of the table of faults."""
        calls = "; ".join(one.described for one in self.seen)
        again = "never" if self.recovered_s is None else f"{self.recovered_s:.1f} s"
        return f"| {self.fault} | {calls} | {again} | {', '.join(self.left) or 'nothing'} |"


@dataclass(frozen=True)
class Trials:
    """The trials of one file, each made once; what went wrong with one concerns that one only."""

    made: dict[str, Trial | BaseException] = field(default_factory=dict)

    def make(self, fault: str, experiment: Callable[[Trial], object]) -> None:
        """Carry one out."""
        trial = Trial(fault)
        try:
            experiment(trial)
        except (AssertionError, RuntimeError, OSError) as error:
            self.made[fault] = error
        else:
            self.made[fault] = trial

    def __getitem__(self, fault: str) -> Trial:
        """Give one, or raise what went wrong when it was made."""
        trial = self.made[fault]
        if isinstance(trial, BaseException):
            raise trial
        return trial
