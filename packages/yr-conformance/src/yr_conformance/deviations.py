"""Known deviations of a target, as data; for our own in `known_deviations/<target>.toml`.

    [[deviation]]
    clause = "KV-GET-07"
    reason = "why the target differs"
    source = "where that is known from"
    until = 2027-06-30          # a day, or the release of the target that mends it: "0.9.0"

Strict in both directions: every test of a listed clause must fail, and after `until` the clause
must hold again.
"""

from __future__ import annotations

import datetime
import importlib.resources
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class DeviationError(Exception):
    """A file of known deviations is wrong; names the clause and what is wrong with it."""


@dataclass(frozen=True)
class Deviation:
    """One clause that a target is known not to fulfil, until a day or a release."""

    clause: str
    reason: str
    source: str
    until: datetime.date | str

    def __post_init__(self) -> None:
        if not (self.clause and self.reason and self.source):
            raise DeviationError(f"{self.clause}: clause, reason and source must not be empty")
        if isinstance(self.until, str):
            _version(self.clause, self.until)

    def holds(self, day: datetime.date, version: str) -> bool:
        """Tell whether it is still accepted on that day, for that release of the target."""
        if isinstance(self.until, datetime.date):
            return day <= self.until
        return _version(self.clause, version) < _version(self.clause, self.until)


def parse(text: str) -> Mapping[str, Deviation]:
    """Read deviations from TOML, by clause id.

    Raises DeviationError for missing or unknown fields and for a clause that is listed twice.
    """
    found: dict[str, Deviation] = {}
    for row in tomllib.loads(text).get("deviation", []):
        try:
            deviation = Deviation(**row)
        except TypeError as error:
            raise DeviationError(f"{row.get('clause', 'a deviation')}: {error}") from error
        if deviation.clause in found:
            raise DeviationError(f"{deviation.clause}: listed twice")
        found[deviation.clause] = deviation
    return found


def shipped(target: str) -> str:
    """Read the file that this package has for a target; empty if there is none."""
    file = importlib.resources.files("yr_conformance") / "known_deviations" / f"{target}.toml"
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def _version(clause: str, text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion as error:
        raise DeviationError(f"{clause}: {text!r} is no release number") from error
