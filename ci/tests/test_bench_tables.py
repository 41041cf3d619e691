"""The tables of `nox -s bench`, and what is kept of a run."""

from __future__ import annotations

import pathlib

import pytest
from bench import tables
from bench.machine import Machine
from bench.results import Results, read
from bench.works import WORKS

_ELEMENT, _LARGE = "1 element, actor to actor", "64 MiB, actor to actor"


@pytest.fixture
def results() -> Results:
    """Give two works: in one of them a contender could not run."""
    found = Results(Machine("2026-01-01", "a CPU", 2, 24.0, 12.0, "6.1", 0.0))
    found.figures[_ELEMENT]["noop"] = [4.0, 5.0, 6.0]
    found.figures[_LARGE]["noop"] = [8.0]
    found.figures[_ELEMENT]["gloo"] = [10.0]
    found.reasons[_LARGE]["gloo"] = "it is not there"
    return found


def test_who_cannot_run_is_shown_with_the_reason(results: Results) -> None:
    """Never left out."""
    table = tables.figures(results, "", WORKS)

    row = next(row for row in table.rows if row[0] == "GLOO")
    assert row[1:] == ["10.0 (10.0..10.0)", tables.NO_FIGURE]
    assert table.notes == [f"GLOO, {_LARGE}: it is not there"]


def test_works_and_contenders_that_were_not_asked_for_are_left_out(results: Results) -> None:
    """A run of `--only` has a small table."""
    table = tables.figures(results, "", WORKS)

    assert table.head == ["", _ELEMENT, _LARGE]
    assert len(table.rows) == 2


def test_ratios_are_of_what_both_have(results: Results) -> None:
    """Where one of the two has none there is no number."""
    table = tables.ratios(results, "", WORKS, "noop")

    assert [row[1:] for row in table.rows] == [["2.00", tables.NO_FIGURE], ["1.00", "1.00"]]


def test_the_table_of_goals_has_all_of_them(results: Results) -> None:
    """Those that this run says nothing about, too."""
    assert "yr-released: not in this run" in {row[4] for row in tables.goals(results).rows}


def test_a_page_has_each_row_in_a_line(results: Results) -> None:
    """Markdown needs a line below the head."""
    lines = tables.ratios(results, "", WORKS, "noop").markdown().splitlines()

    assert lines[1] == "|---|---|---|"
    assert len(lines) == 4


def test_a_run_is_read_as_it_was_written(results: Results, tmp_path: pathlib.Path) -> None:
    """A later one can be compared with it."""
    path = tmp_path / "results.json"
    results.write(path)

    again = read(path)

    assert again.summary(_ELEMENT, "noop") == results.summary(_ELEMENT, "noop")
    assert again.reason(_LARGE, "gloo") == "it is not there"
    assert again.machine == results.machine
    assert again.turns == 3
