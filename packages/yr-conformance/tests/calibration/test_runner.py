"""A question is asked in a process of its own, however that ends."""

import os
import pathlib

import pytest
import strange_questions

from yr_conformance.calibration.question import GUESS, YES_NO, Question, question
from yr_conformance.calibration.questions import chosen, table
from yr_conformance.calibration.runner import ask


@pytest.fixture(autouse=True)
def found_by_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes of questions find the module of these."""
    here = os.fspath(pathlib.Path(__file__).parent)
    paths = [here, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))


@pytest.mark.parametrize(
    ("asked", "outcome", "text"),
    [
        (strange_questions.dies, "ended", "ended with signal 6 (Aborted)"),
        (strange_questions.hangs, "silent", "no answer in 0.5 s"),
        (strange_questions.raises, "ended", "ended with exit status 1: KeyError: 'defect'"),
        (strange_questions.unprepared, "not-asked", "no second moon"),
    ],
)
def test_what_has_no_answer_says_why(asked: Question, outcome: str, text: str) -> None:
    """The asking process goes on."""
    answer = ask(asked)

    assert (answer.outcome, answer.text, answer.value) == (outcome, text, None)


def test_an_answer_comes_with_its_seconds() -> None:
    """And the process has the variables of the question."""
    answer = ask(strange_questions.reads)

    assert (answer.outcome, answer.value) == ("answered", True)
    assert answer.seconds > 0


def test_a_question_is_asked_as_one() -> None:
    """A docstring that is no question is a mistake of the table."""
    with pytest.raises(ValueError, match="question mark"):

        @question("strange.told", YES_NO, GUESS)
        def told(_cann: object) -> bool:
            """This is a statement."""
            return True


def test_a_prefix_chooses_questions() -> None:
    """In the order of the table."""
    names = [asked.id for asked in chosen(["acl.free", "hccl.destroy"])]

    assert names[0] == "acl.free.null-pointer"
    assert names[-1] == "hccl.destroy.twice"
    assert len(chosen([])) == len(table()) > len(names)
