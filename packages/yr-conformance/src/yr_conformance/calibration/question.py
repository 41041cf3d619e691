"""A question: what is asked, what kind its answer is, and what the emulator can make of it.

@question("acl.free.twice", STATUS, GUESS, calibrates=Status("aclrtFree", "freed-twice"))
def free_twice(cann: Cann) -> int:
    "Which status has aclrtFree of memory that was freed before?"
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from yr_conformance.calibration.cann import Cann

Kind = Literal["status", "number", "text", "order", "yes-no", "texts"]
STATUS: Final[Kind] = "status"
NUMBER: Final[Kind] = "number"
TEXT: Final[Kind] = "text"
ORDER: Final[Kind] = "order"
YES_NO: Final[Kind] = "yes-no"
TEXTS: Final[Kind] = "texts"

Source = Literal["documented", "guess"]
DOCUMENTED: Final[Source] = "documented"
"""CANN's documentation says so, or has a status with just that meaning."""
GUESS: Final[Source] = "guess"
"""Nothing is documented, or several readings are possible: the emulator chose one."""

USUAL_LIMIT_S: Final = 60.0
"""A card's first call of a process takes seconds."""


@dataclass(frozen=True)
class Status:
    """The emulator's status that an answer stands for: of a function, for one kind of mistake.

    `situation` is the name that its native code has for the mistake where the function gives one
    status for several; `accepts` the setting that lets the call succeed, if a card does so.
    """

    function: str
    situation: str = ""
    accepts: str = ""


@dataclass(frozen=True)
class Setting:
    """The emulator's setting that an answer is a value of."""

    setting: Literal["memory", "alignment", "connect-timeout"]


@dataclass(frozen=True)
class Question:
    """One entry of the table; its body runs in a process of its own, which it may end or hang."""

    id: str
    kind: Kind
    source: Source
    asks: str
    body: Callable[[Cann], Any]
    calibrates: Status | Setting | None = None
    unit: str = ""
    tolerance: float = 0.0
    """By how much numbers may differ and still be the same answer."""
    npus: int = 1
    limit_s: float = USUAL_LIMIT_S
    variables: Mapping[str, str] = field(default_factory=dict)
    """What the environment of its process has beside that of the asking one."""

    @property
    def place(self) -> tuple[str, str]:
        """Module and name by which another process finds it."""
        return self.body.__module__, self.body.__name__


def question(
    identity: str, kind: Kind, source: Source, **rest: Any
) -> Callable[[Callable[[Cann], Any]], Question]:
    """Make a question of a function; its docstring is what is asked."""

    def made(body: Callable[[Cann], Any]) -> Question:
        asks = " ".join((inspect.getdoc(body) or "").split())
        if not asks.endswith("?"):
            raise ValueError(f"{identity}: the docstring of a question ends with a question mark")
        return Question(identity, kind, source, asks, body, **rest)

    return made
