"""What came of a question: an answer, the end of its process, silence, or why it was not asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Value = int | float | bool | str | dict[str, str]
Outcome = Literal["answered", "ended", "silent", "not-asked"]


@dataclass(frozen=True)
class Answer:
    """One answer, with how long it took from the start of its process."""

    outcome: Outcome
    value: Value | None = None
    """None unless it was answered."""
    text: str = ""
    """What aclGetRecentErrMsg said with a status; else how it ended, or why it was not asked."""
    seconds: float = 0.0

    @property
    def shown(self) -> str:
        """The answer as a report shows it."""
        if self.outcome != "answered":
            return self.text
        if isinstance(self.value, bool):
            return "yes" if self.value else "no"
        return f"{self.value:g}" if isinstance(self.value, float) else str(self.value)
