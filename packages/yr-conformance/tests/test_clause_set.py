"""Clause sets: which version clauses are of, and when it may be called what."""

from __future__ import annotations

import dataclasses

import pytest

from yr_conformance import catalogue, clause_index, clause_set, explanation
from yr_conformance.clause_pages import markdown
from yr_conformance.clauses import Clause, Level

NEWEST = clause_set.versions()[-1]


@pytest.fixture
def clauses() -> list[Clause]:
    """The clauses of the newest frozen set."""
    return [
        Clause(one, Level(level), sentence, "here")
        for one, (level, sentence) in clause_set.frozen(NEWEST).items()
    ]


def test_any_part_of_a_set_is_of_that_version(clauses: list[Clause]) -> None:
    """All clauses, and a part of them, are of the frozen version; a changed one is not."""
    changed = dataclasses.replace(clauses[0], sentence="It asks for more.")

    assert clause_set.version_of(clauses) == clause_set.version_of(clauses[:3]) == NEWEST
    assert clause_set.version_of([changed, *clauses[1:]]) == NEWEST + "+changes"


def test_changes_are_told_apart(clauses: list[Clause]) -> None:
    """What was added, withdrawn, reworded and bound otherwise are four things."""
    first, second, third, *rest = clauses
    now = [
        dataclasses.replace(first, sentence="Other words."),
        dataclasses.replace(second, level=Level.MAY),
        dataclasses.replace(third, id="NEW-ONE-01"),
        *rest,
    ]

    found = clause_set.changes(clause_set.texts_of(clauses), clause_set.texts_of(now))

    assert (found.reworded, found.levels) == ((first.id,), (second.id,))
    assert (found.added, found.withdrawn) == (("NEW-ONE-01",), (third.id,))


def test_a_number_says_what_has_changed(clauses: list[Clause]) -> None:
    """A set that only has more may keep its first number, one that asks otherwise may not."""
    major = int(NEWEST.partition(".")[0])
    more = [*clauses, Clause("NEW-ONE-01", Level.MUST, "It is new.", "here")]

    assert '"NEW-ONE-01": ["MUST", "It is new."]' in clause_set.freeze(more, f"{major}.99")
    with pytest.raises(clause_set.ClauseSetError, match=f"has to be {major + 1}.0"):
        clause_set.freeze(clauses[1:], f"{major}.99")
    with pytest.raises(clause_set.ClauseSetError, match="is not after"):
        clause_set.freeze(more, NEWEST)


def test_the_page_tells_what_has_changed_since(clauses: list[Clause]) -> None:
    """The page of clauses ends with the changes since the newest set."""
    added = catalogue.all_clauses()[0]
    nodes = catalogue.node_ids()

    page = markdown([one for one in clauses if one.id in nodes and one.id != added.id], nodes)

    assert f"### since {NEWEST}" in page
    assert f"- withdrawn: {added.id}" in page


def test_calls_and_statuses_lead_to_clauses() -> None:
    """A clause is found by the calls of its sentence and of its test, and by its status."""
    clauses, nodes = catalogue.all_clauses(), catalogue.node_ids()

    calls = clause_index.by_call(clauses, nodes)

    assert "KV-GET-03" in calls["get"]
    assert "DEV-SEND-01" in calls["dev_send"]
    assert "CLI-STOP-01" in calls["dscli stop"]
    assert "KV-DEL-01" in clause_index.by_status(clauses, nodes)["Key not found"]


def test_a_clause_is_explained() -> None:
    """`explain` tells sentence, source, deviations, mutants and how to run it."""
    told = "\n".join(explanation.lines("XFER-GET-01"))
    unsteady = "\n".join(explanation.lines("FAULT-XFER-01"))

    assert "`ray.get` in the driver returns a tensor" in told
    assert "return_placeholders: The receiver gets the memory" in told
    assert "yr-fake-ds run -- yr-conformance run --target fake --chapter XFER-GET-01" in told
    assert "real-cpu: unsteady (failed in 8 of 147 runs, 2026-11) until 0.8.2" in unsteady


def test_an_unknown_clause_is_told_with_those_like_it() -> None:
    """A mistyped id is answered with ids that are like it."""
    with pytest.raises(explanation.UnknownClauseError, match="KV-GT-07; like it: KV-GET-07"):
        list(explanation.lines("KV-GT-07"))
