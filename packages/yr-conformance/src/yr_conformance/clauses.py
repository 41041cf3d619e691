"""Clauses: what a test proves, under an id that never changes its meaning.

    @clause("KV-GET-07", MUST, source="measured on openyuanrong-datasystem 0.8.1")
    def test_...(client):
        \"\"\"The one normative sentence.\"\"\"

The chapter is the part of the id before the first hyphen. `needs` names capabilities that a target
may lack; there the clause counts as unsupported, which is neither passed nor failed.
"""

from __future__ import annotations

import enum
import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import pytest

Test = TypeVar("Test", bound=Callable[..., Any])

MARKER: Final = "clause"
_ID = re.compile(r"[A-Z]+(-[A-Z0-9]+)*-\d{2}")


class Level(enum.Enum):
    """How binding a clause is, as in RFC 2119."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


MUST, SHOULD, MAY = Level.MUST, Level.SHOULD, Level.MAY


class ClauseError(Exception):
    """A clause is badly declared; raised while the suite is collected, and names the clause."""


@dataclass(frozen=True)
class Clause:
    """One clause: its id, how binding it is, its sentence and where that comes from."""

    id: str
    level: Level
    sentence: str
    source: str
    needs: frozenset[str] = frozenset()

    @property
    def chapter(self) -> str:
        """The first part of the id."""
        return self.id.split("-", 1)[0]

    @property
    def is_of(self) -> frozenset[str]:
        """What it can be chosen by: its chapter, the part of it, such as KV-GET, and its id."""
        return frozenset({self.chapter, self.id.rpartition("-")[0], self.id})


def clause(
    clause_id: str, level: Level, *, source: str, needs: Iterable[str] = ()
) -> Callable[[Test], Test]:
    """Make a test function the proof of a clause; its docstring is the sentence.

    Raises ClauseError for a malformed id, an empty source or a missing sentence.
    """

    def decorate(test: Test) -> Test:
        sentence = inspect.cleandoc(test.__doc__ or "")
        if not _ID.fullmatch(clause_id):
            raise ClauseError(f"{clause_id!r} is no clause id such as KV-GET-07")
        if not source or not sentence:
            raise ClauseError(f"{clause_id}: a clause needs a source and a docstring")
        record = Clause(clause_id, level, sentence, source, frozenset(needs))
        marked: Test = pytest.mark.clause(record)(test)
        return marked

    return decorate


def clause_of(item: pytest.Item) -> Clause | None:
    """Give the clause that a collected test proves, None for any other test."""
    marker = item.get_closest_marker(MARKER)
    if marker is None:
        return None
    record = marker.args[0]
    if not isinstance(record, Clause):
        raise ClauseError(f"{item.nodeid}: use the decorator of yr_conformance.clauses")
    return record


def check_unique(items: Iterable[pytest.Item]) -> None:
    """Raise ClauseError if two test functions claim one id; parameters of one function may."""
    owners: dict[str, str] = {}
    for item in items:
        record = clause_of(item)
        if record is None:
            continue
        function = item.nodeid.split("[", 1)[0]
        owner = owners.setdefault(record.id, function)
        if owner != function:
            raise ClauseError(f"{record.id} is claimed by {owner} and by {function}")
