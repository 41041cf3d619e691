"""`yr-conformance diff`: what is a regression, and what is only told."""

from __future__ import annotations

import dataclasses
import pathlib

import pytest
from example_runs import proof, run

from yr_conformance.__main__ import main
from yr_conformance.report import folder
from yr_conformance.report.comparison import compare, pairs
from yr_conformance.report.errors import ReportError
from yr_conformance.report.run import Run
from yr_conformance.states import State

ID = "EX-ONE-01"


def compared(before: Run, after: Run) -> tuple[list[str], str]:
    """Give the regressions, and all that is said."""
    ((old, new),) = pairs([before], [after])
    found = compare(old, new)
    return found.regressions, "\n".join(found.lines())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (State.PASSED, State.FAILED),
        (State.PASSED, State.UNSTEADY),
        (State.PASSED, State.DEVIATES),
        (State.UNSTEADY, State.FAILED),
        (State.DEVIATES, State.FAILED),
        (State.NOT_RUN, State.FAILED),
        (State.UNSUPPORTED, State.FAILED),
    ],
)
def test_worse_is_a_regression_and_the_way_back_is_not(before: State, after: State) -> None:
    """A clause that got worse is a regression; the same the other way round is none."""
    old, new = run(proof(ID, before)), run(proof(ID, after, "E   it broke"))

    regressions, _ = compared(old, new)
    back, _ = compared(new, old)

    assert regressions == [f"{ID}: {before.value} -> {after.value}: it broke"]
    assert back == []


def test_what_is_no_longer_tried_is_told() -> None:
    """A clause that passed and is not run now is no regression, but told."""
    regressions, said = compared(run(proof(ID)), run(proof(ID, State.NOT_RUN, "no etcd")))

    assert regressions == []
    assert "Otherwise changed (1)\n- EX-ONE-01: passed -> not run: no etcd" in said


def test_new_and_withdrawn_clauses_are_told() -> None:
    """Clauses of one report only are named; one that is new and fails is a regression."""
    regressions, said = compared(run(proof(ID)), run(proof("EX-NEW-01", State.FAILED)))

    assert regressions == ["EX-NEW-01: new, and failed: "]
    assert "Only before (1)\n- EX-ONE-01" in said


def test_another_sentence_is_told() -> None:
    """A clause that says something else now is named."""
    other = dataclasses.replace(proof(ID).clause, sentence="It holds twice.")
    after = run(dataclasses.replace(proof(ID), clause=other))

    regressions, said = compared(run(proof(ID)), after)

    assert regressions == []
    assert "EX-ONE-01: reworded: It holds twice." in said


def test_a_run_that_now_ends_badly_is_a_regression() -> None:
    """A run that fails though no clause does is a regression."""
    regressions, _ = compared(run(proof(ID)), run(proof(ID), exit_status=1))

    assert regressions == ["the run ended with an error though no clause failed"]


def test_columns_are_compared_by_their_names() -> None:
    """Of reports with several targets those with the same name are compared; none is an error."""
    one, two, three = (run(proof(ID), target=name) for name in ("one", "two", "three"))

    ((before, after),) = pairs([one, two], [two, three])

    assert before.label == after.label == "two metastore"
    with pytest.raises(ReportError, match="nothing to compare: one metastore, two metastore in"):
        pairs([one, two], [three])


def test_the_exit_status_says_whether_anything_got_worse(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`diff` ends with 0 without a regression, with 1 with one, and with 2 if it cannot tell."""
    good, bad = str(tmp_path / "good.json"), str(tmp_path / "bad.json")
    folder.write([run(proof(ID))], pathlib.Path(good))
    folder.write([run(proof(ID, State.FAILED))], pathlib.Path(bad))

    assert [main(["diff", *two]) for two in ([good, good], [good, bad], [bad, good])] == [0, 1, 0]
    assert main(["diff", good, str(tmp_path / "none")]) == 2
    assert "none: No such file" in capsys.readouterr().err


def test_merged_reports_are_one_page(tmp_path: pathlib.Path) -> None:
    """`report merge` puts what is in several reports into one folder."""
    first, second = tmp_path / "first.json", tmp_path / "second"
    folder.write([run(proof(ID))], first)
    folder.write([run(proof(ID), target="other")], second)

    assert main(["report", "merge", str(first), str(second), "--to", str(tmp_path / "both")]) == 0

    page = (tmp_path / "both" / "report.html").read_text(encoding="utf-8")
    assert "example metastore" in page
    assert "other metastore" in page
