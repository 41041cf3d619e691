"""Mutants: deliberately broken transports, and which clauses each of them dies of.

The file beside is made from the mutants themselves, which are not installed: see tests/mutants.
"""

from __future__ import annotations

import functools
import json
import pathlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

FILE: Final = pathlib.Path(__file__).parent / "mutants.json"


@dataclass(frozen=True)
class Victim:
    """One mutant: its name, what is broken in it, and the clauses that notice."""

    name: str
    breaks: str
    clauses: tuple[str, ...]


@functools.cache
def victims() -> tuple[Victim, ...]:
    """Read all mutants that are known to die of clauses."""
    rows = json.loads(FILE.read_text(encoding="utf-8"))
    return tuple(Victim(row["name"], row["breaks"], tuple(row["clauses"])) for row in rows)


def killed_by(clause_id: str) -> tuple[Victim, ...]:
    """Give the mutants that die of a clause."""
    return tuple(one for one in victims() if clause_id in one.clauses)


def dump(known: Sequence[Victim]) -> str:
    """Write the file; a mutant a line."""
    rows = (
        json.dumps({"name": one.name, "breaks": one.breaks, "clauses": one.clauses})
        for one in known
    )
    return "[\n" + ",\n".join(rows) + "\n]\n"
