"""The clauses as a set with a version, so that two reports can be held against each other.

    clause_sets/1.0.json   ids, levels and sentences, frozen when that version was made
    clauses now            the same, or "1.0+changes" until the next version is frozen

The first number changes when a clause is withdrawn, asks for something else or binds differently;
the second when clauses are only added. Ids are never reused.
"""

from __future__ import annotations

import functools
import json
import pathlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from packaging.version import Version

from yr_conformance.clauses import Clause

ROOM: Final = pathlib.Path(__file__).parent / "clause_sets"
CHANGED: Final = "+changes"
Texts = Mapping[str, tuple[str, str]]
"""Level and sentence of each clause, by its id."""


class ClauseSetError(Exception):
    """A version cannot be frozen; the text says which number it has to have."""


@dataclass(frozen=True)
class Changes:
    """What is different from one set to the next, as ids."""

    added: tuple[str, ...]
    withdrawn: tuple[str, ...]
    reworded: tuple[str, ...]
    levels: tuple[str, ...]

    @property
    def any(self) -> bool:
        """Whether anything is."""
        return bool(self.added or self.asks_otherwise)

    @property
    def asks_otherwise(self) -> bool:
        """Whether what was fulfilled before may not be now."""
        return bool(self.withdrawn or self.reworded or self.levels)


def texts_of(clauses: Iterable[Clause]) -> Texts:
    """Give what a set is compared by."""
    return {one.id: (one.level.value, " ".join(one.sentence.split())) for one in clauses}


def versions() -> tuple[str, ...]:
    """Give the frozen versions, the oldest first."""
    return tuple(sorted((file.stem for file in ROOM.glob("*.json")), key=Version))


@functools.cache
def frozen(version: str) -> Texts:
    """Read a frozen set."""
    text = (ROOM / f"{version}.json").read_text(encoding="utf-8")
    return {one: (level, sentence) for one, (level, sentence) in json.loads(text).items()}


def changes(before: Texts, after: Texts) -> Changes:
    """Compare two sets."""
    both = sorted(before.keys() & after.keys())
    return Changes(
        added=tuple(sorted(after.keys() - before.keys())),
        withdrawn=tuple(sorted(before.keys() - after.keys())),
        reworded=tuple(one for one in both if before[one][1] != after[one][1]),
        levels=tuple(one for one in both if before[one][0] != after[one][0]),
    )


def version_of(clauses: Iterable[Clause]) -> str:
    """Name the version that these clauses are of, all of them or a part."""
    newest = versions()[-1]
    known, found = frozen(newest), texts_of(clauses)
    is_of_it = all(known.get(one) == text for one, text in found.items())
    return newest if is_of_it else newest + CHANGED


def freeze(clauses: Iterable[Clause], version: str) -> str:
    """Give the file of a new version; ClauseSetError if its number says too little."""
    newest, now = versions()[-1], texts_of(clauses)
    different = changes(frozen(newest), now)
    before, after = Version(newest), Version(version)
    if after <= before:
        raise ClauseSetError(f"{version} is not after {newest}, the newest version")
    if different.asks_otherwise and after.major == before.major:
        ids = (*different.withdrawn, *different.reworded, *different.levels)
        raise ClauseSetError(
            f"{', '.join(ids)} ask for something else than in {newest}: "
            f"the version has to be {before.major + 1}.0"
        )
    return dump(now)


def dump(texts: Texts) -> str:
    """Write a set as its file has it: one clause a line."""
    rows = (f'"{one}": {json.dumps(texts[one], ensure_ascii=False)}' for one in sorted(texts))
    return "{\n" + ",\n".join(rows) + "\n}\n"
