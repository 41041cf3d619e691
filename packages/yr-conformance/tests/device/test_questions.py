"""Questions over a pipe: every answer belongs to its question, however late it comes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from multiprocessing.connection import Connection

import pytest

from yr_conformance.device.questions import Questions

Pair = tuple[Questions, Connection]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Questions, and the end of the pipe at which they are answered."""
    ours, theirs = multiprocessing.Pipe()
    with ours, theirs:
        yield Questions(ours), theirs


def test_the_answer_to_the_question(pair: Pair) -> None:
    """An answer with the question's number is its answer."""
    questions, station = pair
    questions.ask("get", "key")

    number, question = station.recv()
    station.send((number, [*question, "value"]))

    assert questions.answer() == ["get", "key", "value"]


def test_a_late_answer_is_nobodys(pair: Pair) -> None:
    """An answer that was not waited for is not taken for that of the next question."""
    questions, station = pair
    questions.ask("slow")
    with pytest.raises(AssertionError, match="no answer within"):
        questions.answer(patience_s=0.0)
    questions.ask("quick")

    for _ in range(2):
        number, (name,) = station.recv()
        station.send((number, f"answer to {name}"))

    assert questions.answer() == "answer to quick"


def test_an_answer_is_owed_until_it_has_come(pair: Pair) -> None:
    """Whoever lends the other process can see that it is still busy."""
    questions, station = pair
    seen = [questions.is_owed]

    questions.ask("slow")
    seen.append(questions.is_owed)
    station.send((1, None))
    questions.answer()
    seen.append(questions.is_owed)

    assert seen == [False, True, False]
