"""Columns and rows: what is put side by side, and what is put together."""

from __future__ import annotations

from example_runs import proof, run

from yr_conformance.report.matrix import columns, rows
from yr_conformance.states import State


def test_parts_of_one_suite_are_one_column() -> None:
    """Runs of other chapters in the same environment are one column, whatever their seeds."""
    parts = [run(proof("EX-ONE-01"), seed="1"), run(proof("OTHER-ONE-01"), seed="2")]

    (column,) = columns(parts)

    assert column.label == "example metastore"
    assert [row.clause.id for row in rows([column])] == ["EX-ONE-01", "OTHER-ONE-01"]


def test_the_same_clause_twice_is_two_columns() -> None:
    """Runs with a clause in common stay apart, and are told apart."""
    again = [run(proof("EX-ONE-01")), run(proof("EX-ONE-01"))]

    assert [column.label for column in columns(again)] == [
        "example metastore, 1",
        "example metastore, 2",
    ]


def test_versions_of_ray_tell_columns_apart() -> None:
    """Runs that differ in Ray's version are called by it."""
    both = [run(proof("EX-ONE-01"), ray="2.55.1"), run(proof("EX-ONE-01"), ray="2.60.0")]

    assert [column.label for column in columns(both)] == [
        "example metastore, Ray 2.55.1",
        "example metastore, Ray 2.60.0",
    ]


def test_a_clause_about_no_device_has_one_cell() -> None:
    """A clause has a cell for each device of a column, one for all if it is about none."""
    (column,) = columns([run(proof("A-ONE-01"), proof("B-ONE-01 cpu"), proof("B-ONE-01 npu"))])

    plain, both = rows([column])

    assert [(cell.device, cell.width) for cell in plain.cells] == [("", 2)]
    assert [(cell.device, cell.width) for cell in both.cells] == [("cpu", 1), ("npu", 1)]


def test_what_was_no_part_of_a_run_is_not_run() -> None:
    """A clause that only one of two targets has is not run on the other; that is no difference."""
    both = columns([run(proof("A-ONE-01")), run(proof("B-ONE-01"), target="other")])

    first, _ = rows(both)

    assert [cell.state for cell in first.cells] == [State.PASSED, State.NOT_RUN]
    assert not first.differs
    assert first.worst is State.NOT_RUN


def test_targets_that_say_different_things_differ() -> None:
    """A clause that passed here and failed there differs."""
    failed = proof("A-ONE-01", State.FAILED)

    (row,) = rows(columns([run(proof("A-ONE-01")), run(failed, target="other")]))

    assert row.differs
    assert row.worst is State.FAILED
