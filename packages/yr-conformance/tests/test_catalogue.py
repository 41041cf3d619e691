"""The catalogue is what the page says, and every shipped deviation is of a clause in it."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

from yr_conformance import catalogue, clause_set, deviations, unsteady
from yr_conformance.clause_pages import markdown
from yr_conformance.clauses import Clause

PAGE = pathlib.Path(__file__).parent.parent / "docs" / "clauses.md"
OUR_TARGETS = ("fake", "real-cpu")


@pytest.fixture(scope="module")
def clauses() -> list[Clause]:
    """All clauses of the suite."""
    return catalogue.all_clauses()


def test_the_page_is_up_to_date(clauses: list[Clause]) -> None:
    """docs/clauses.md is what `yr-conformance list --markdown` prints."""
    assert PAGE.read_text(encoding="utf-8") == markdown(clauses, catalogue.node_ids()), (
        "run: yr-conformance list --markdown > packages/yr-conformance/docs/clauses.md"
    )


def test_there_is_enough(clauses: list[Clause]) -> None:
    """The chapters of the SDK have at least 90 clauses, and all chapters are there."""
    chapters = [clause.chapter for clause in clauses]

    assert {"KV", "OBJ", "CLI", "TWO", "XFER", "GC", "COST"} <= set(chapters)
    assert sum(chapter in {"KV", "OBJ", "CLI", "TWO"} for chapter in chapters) >= 90


def test_sentences_are_sentences(clauses: list[Clause]) -> None:
    """A clause begins with a capital letter or a name and ends with a full stop."""
    odd = [clause.id for clause in clauses if not clause.sentence.endswith(".")]

    assert odd == []


@pytest.mark.parametrize("target", [*OUR_TARGETS, "ray"])
def test_deviations_are_of_clauses(clauses: list[Clause], target: str) -> None:
    """Every deviation that is shipped names a clause."""
    text = deviations.shipped(target)

    assert {*deviations.parse(text), *unsteady.parse(text)} <= {clause.id for clause in clauses}


def test_the_command_lists_clauses(clauses: list[Clause]) -> None:
    """`yr-conformance list` prints a line for each clause and their number."""
    command = [sys.executable, "-m", "yr_conformance", "list"]

    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()

    assert [line.split()[0] for line in listed[:-1]] == [clause.id for clause in clauses]
    assert listed[-1] == f"{len(clauses)} clauses, set {clause_set.version_of(clauses)}"
