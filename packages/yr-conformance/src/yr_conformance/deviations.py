"""Known deviations of a target, as data: `known_deviations/<target>.toml` inside this package.

    [[deviation]]
    clause = "KV-GET-07"
    reason = "why the target differs"
    source = "where that is known from"
    until = 2027-06-30

Strict in both directions: a listed clause that passes fails the run, and after `until` the clause
must hold again.
"""

from __future__ import annotations

import datetime
import importlib.resources
import sys
from collections.abc import Mapping
from dataclasses import dataclass

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class Deviation:
    """One clause that a target is known not to fulfil, until a day."""

    clause: str
    reason: str
    source: str
    until: datetime.date

    def holds_on(self, day: datetime.date) -> bool:
        """Tell whether the deviation is still accepted on that day."""
        return day <= self.until


def parse(text: str) -> Mapping[str, Deviation]:
    """Read deviations from TOML, by clause id; TypeError for unknown or missing fields."""
    rows = tomllib.loads(text).get("deviation", [])
    return {row["clause"]: Deviation(**row) for row in rows}


def of_target(name: str) -> Mapping[str, Deviation]:
    """Read the deviations shipped for a target; none if there is no file."""
    file = importlib.resources.files("yr_conformance") / "known_deviations" / f"{name}.toml"
    return parse(file.read_text(encoding="utf-8")) if file.is_file() else {}
