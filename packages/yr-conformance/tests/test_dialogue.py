"""The dialogue with a process of its own: answers, errors, ends."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterator

import psutil
import pytest

from yr_conformance.dialogue import NoAnswerError, Partner, RefusalError, started

PROGRAM = """
import os
from yr_conformance.dialogue import answers, serve

class Echo:
    def say(self, word):
        print("not an answer")
        return [word]

    def wait_for(self, path):
        while not os.path.exists(path):
            pass
        return path

    def leave(self):
        os._exit(3)

    def fail(self, word):
        raise ValueError(word)

serve(Echo(), answers())
print("the end")
"""


@pytest.fixture
def echo(tmp_path: pathlib.Path) -> Iterator[Partner]:
    """A process that gives back what it is told."""
    (tmp_path / "echo.py").write_text(PROGRAM, encoding="utf-8")
    with started(["echo"], os.environ, str(tmp_path), ["env", "WORD=x"]) as (process, stderr):
        yield Partner(process, stderr)


def test_what_is_printed_is_no_answer(echo: Partner) -> None:
    """A method's value is the answer; what it prints is among the last words."""
    assert echo.ask("say", "word") == ["word"]

    echo.end()

    assert echo.last_words() == "not an answer\nthe end\n"


def test_an_error_is_an_assertion_and_the_dialogue_goes_on(echo: Partner) -> None:
    """A method that raises fails the test with its error, and others still answer."""
    with pytest.raises(RefusalError) as raised:
        echo.ask("fail", "wrong")

    assert raised.value.cause == "ValueError: wrong"

    assert echo.ask("say", "word") == ["word"]


def test_a_late_answer_is_nobodys(echo: Partner, tmp_path: pathlib.Path) -> None:
    """An answer that was not waited for is not taken for that of the next question."""
    echo.wait_ready()
    awaited = tmp_path / "awaited"
    with pytest.raises(NoAnswerError, match=r"no answer within 0\.1 s"):
        echo.ask("wait_for", str(awaited), within_s=0.1)
    awaited.touch()

    assert echo.ask("say", "word") == ["word"]


def test_a_killed_process_answers_no_more(echo: Partner) -> None:
    """After `kill` it is gone, and a question is an error."""
    echo.kill()

    assert not psutil.pid_exists(echo.pid)
    with pytest.raises(NoAnswerError):
        echo.ask("say", "word")


def test_a_process_that_ends_by_itself_says_so_at_once(echo: Partner) -> None:
    """Whoever waits for an answer of a process that ends is not kept until the time is over."""
    with pytest.raises(NoAnswerError, match="ended without an answer"):
        echo.ask("leave")


def test_the_process_runs_in_the_place_of_the_command_before_it(echo: Partner) -> None:
    """`through` is replaced by the process, at the latest when that is ready."""
    echo.wait_ready()

    assert psutil.Process(echo.pid).environ()["WORD"] == "x"
