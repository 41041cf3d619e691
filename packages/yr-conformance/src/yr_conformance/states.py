"""The six states of a clause, and how each is told apart: by word, by mark and by rank."""

from __future__ import annotations

import enum


class State(enum.Enum):
    """What a run says of a clause, from best to worst."""

    PASSED = "passed"
    UNSUPPORTED = "unsupported"
    NOT_RUN = "not run"
    DEVIATES = "deviates"
    UNSTEADY = "unsteady"
    FAILED = "failed"

    @property
    def mark(self) -> str:
        """One character, which every font has, for readers who see no colours."""
        return _MARKS[self]

    @property
    def slug(self) -> str:
        """The word without a blank, for names of classes and files."""
        return self.value.replace(" ", "-")

    def is_worse_than(self, other: State) -> bool:
        """Tell whether it comes after the other one."""
        return _ORDER.index(self) > _ORDER.index(other)


_ORDER = list(State)
_MARKS = {
    State.PASSED: "\N{CHECK MARK}",
    State.UNSUPPORTED: "\N{EN DASH}",
    State.NOT_RUN: "\N{WHITE CIRCLE}",
    State.DEVIATES: "\N{NOT EQUAL TO}",
    State.UNSTEADY: "~",
    State.FAILED: "\N{MULTIPLICATION SIGN}",
}
WORST_FIRST = tuple(reversed(_ORDER))
