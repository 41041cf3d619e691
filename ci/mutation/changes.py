"""Small changes of a module, one at a time, and which of them its tests did not notice."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Survivor:
    """A change that no test noticed: a line as it is, and as it was tried."""

    module: str
    line: str
    instead: str


@dataclass(frozen=True)
class Outcomes:
    """All changes of one module that were tried."""

    module: str
    tried: int
    survivors: tuple[Survivor, ...]
