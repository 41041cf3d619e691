"""Questions to programs end, whatever the programs do."""

from __future__ import annotations

import time

from commands import ask


def test_an_answer_is_what_was_printed() -> None:
    """Both streams, and no problem."""
    answer = ask(("sh", "-c", "echo out; echo err >&2"), 10.0)

    assert (answer.output, answer.problem, answer.is_stuck) == ("out\nerr\n", "", False)


def test_a_failure_tells_the_last_line() -> None:
    """The status and what was said last."""
    assert ask(("sh", "-c", "echo one; echo two; exit 3"), 10.0).problem == "status 3: two"


def test_a_program_that_is_absent_is_a_problem() -> None:
    """Nothing is raised."""
    assert ask(("no-such-program",), 10.0).problem == "cannot be run: No such file or directory"


def test_a_program_that_hangs_is_given_up_with_what_it_started() -> None:
    """A descendant that keeps the output open does not keep the asker."""
    begin = time.monotonic()

    answer = ask(("sh", "-c", "echo begun; sleep 600 & wait"), 0.5)

    assert answer.is_stuck
    assert answer.problem == "no answer in 0.5 s"
    assert time.monotonic() - begin < 10
