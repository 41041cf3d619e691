"""What one registration came to, and the workers that it started: records that travel as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from yr_conformance.fair_time import Elapsed, with_elapsed


@dataclass(frozen=True)
class Start:
    """One run of `dscli`: its arguments, and which NPUs its environment let it see."""

    arguments: tuple[str, ...]
    visible_npus: str


@dataclass(frozen=True)
class Attempt:
    """One call of `register_yr_tensor_transport`; `error` is the type's name, "" for none."""

    error: str = ""
    text: str = ""
    variable: str = ""
    took: Elapsed = field(default_factory=Elapsed)
    warnings: tuple[str, ...] = ()
    actors: int = 0
    """How many actors were made meanwhile, those that have ended included."""
    starts: tuple[Start, ...] = ()
    left: tuple[str, ...] = ()
    """Actors, processes and directories that were not there before, and have not gone in time."""

    def check_refused(self, error: str, *hints: str) -> None:
        """Assert that it failed so, that the text has every hint, and that nothing is left."""
        assert self.error == error, self
        missing = [hint for hint in hints if hint not in self.text]
        assert not missing, f"no {missing} in: {self.text}"
        assert not self.left, f"left behind: {self.left}"

    def check_started(self) -> None:
        """Assert that the backend runs."""
        assert not self.error, self


@dataclass(frozen=True)
class RunningWorker:
    """A datasystem worker's process, as the system shows it."""

    pid: int
    address: str
    flags: dict[str, str] = field(default_factory=dict)
    listens: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """Where it listens."""
        return self.address.rpartition(":")[0]


def attempt_of(fields: dict[str, Any]) -> Attempt:
    """Make the record again from what JSON left of it."""
    starts = [Start(tuple(one["arguments"]), one["visible_npus"]) for one in fields["starts"]]
    lists = {"warnings": fields["warnings"], "left": fields["left"], "starts": starts}
    made = {name: tuple(values) for name, values in lists.items()}
    return Attempt(**{**with_elapsed(fields), **made})


def worker_of(fields: dict[str, Any]) -> RunningWorker:
    """Make the record again from what JSON left of it."""
    return RunningWorker(**{**fields, "listens": tuple(fields["listens"])})
