"""The command `yr-conformance calibrate`, and what it is that answers are compared with."""

import pathlib
from collections import Counter

import pytest

from yr_conformance.__main__ import main
from yr_conformance.calibration import command, record
from yr_conformance.calibration.answer import Answer
from yr_conformance.calibration.errors import CalibrationError
from yr_conformance.calibration.question import Question
from yr_conformance.calibration.questions import memory, streams, table


@pytest.mark.parametrize("target", ["fake", "real-cpu", "moon"])
def test_a_target_without_cards_has_nobody_to_ask(
    target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names those that have NPUs."""
    status = main(["calibrate", "--target", target])

    assert status == 2
    assert capsys.readouterr().err == (
        f"yr-conformance: target '{target}' has no NPU to ask; calibrate real-npu or "
        "real-emulated-npu\n"
    )


def test_questions_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """With the kind of their answers, and whether the emulator's is documented."""
    assert main(["calibrate", "--list", "--question", "acl.free.twice"]) == 0
    assert capsys.readouterr().out.split(maxsplit=3) == [
        "acl.free.twice",
        "status",
        "guess",
        "Which status has aclrtFree of memory that was freed before?\n",
    ]


def test_a_file_that_somebody_sends_has_a_report(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a card, and without changing the file."""
    path = tmp_path / "card.json"
    changed = record.EMULATED.read_text(encoding="utf-8").replace('"value": 21,', '"value": 22,')
    path.write_text(changed, encoding="utf-8")

    assert main(["calibrate", "--report", str(path)]) == 0
    assert "| 22 | 21 | a guess | status of HcclGetCommAsyncError |" in capsys.readouterr().out
    assert path.read_text(encoding="utf-8") == changed


def test_a_prefix_of_no_question_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """The message has the beginnings that there are."""
    status = main(["calibrate", "--target", "real-npu", "--question", "acl.moon"])

    assert status == 2
    assert "no question begins with 'acl.moon'; there are: acl.device" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options", [["--target", "real-npu"], ["--target", "real-emulated-npu", "--output", "x.json"]]
)
def test_only_the_emulator_as_a_whole_renews_what_is_compared_with(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A part of it, or a card, would leave questions without an answer."""
    assert main(["calibrate", "--renew", *options]) == 2
    assert "--renew asks real-emulated-npu all questions" in capsys.readouterr().err


def test_every_question_has_the_emulators_answer() -> None:
    """And what is asked, its kind and what it stands for are the table's."""
    shipped = record.read(record.EMULATED).answers

    expected = {
        asked.id: record.entry(asked, shipped[asked.id].answer)
        for asked in table()
        if asked.id in shipped
    }
    assert list(shipped) == [asked.id for asked in table()]
    assert {
        name: (one.asks, one.kind, one.calibrates, one.outcome) for name, one in shipped.items()
    } == {name: (one.asks, one.kind, one.calibrates, "answered") for name, one in expected.items()}


def test_the_emulators_own_file_has_its_own_answers() -> None:
    """Given to the emulator, it changes nothing."""
    shipped = record.read(record.EMULATED).answers

    assert {name for name, one in shipped.items() if one.value != one.emulated} == set()


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: pathlib.Path) -> None:
    """It names the file."""
    (tmp_path / "file").write_text("", encoding="utf-8")

    with pytest.raises(CalibrationError, match=r"file/card\.json cannot be written"):
        record.read(record.EMULATED).write(tmp_path / "file" / "card.json")


def test_answers_before_an_interruption_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest is not asked, and neither is what needs more NPUs than there are."""
    asked_for = []

    def ask(asked: Question) -> Answer:
        asked_for.append(asked.id)
        if asked is memory.free_twice:
            raise KeyboardInterrupt
        return Answer("answered", 107000)

    monkeypatch.setattr(command, "ask", ask)
    questions = (streams.of_another_npu, memory.free_foreign, memory.free_twice, memory.total)

    answers = command.ask_all(questions, 1)

    assert asked_for == ["acl.free.foreign-pointer", "acl.free.twice"]
    assert [(one.outcome, one.text) for one in answers.values()] == [
        ("not-asked", "it needs 2 NPUs, there is 1"),
        ("answered", ""),
        ("not-asked", "interrupted"),
        ("not-asked", "interrupted"),
    ]


def test_no_two_questions_stand_for_one_status() -> None:
    """A card that answers them differently could not be followed: name the mistakes (`FailIn`)."""
    shipped = record.read(record.EMULATED).answers

    statuses = Counter(
        (one.calibrates["function"], one.calibrates["situation"], one.value)
        for one in shipped.values()
        if one.calibrates and "function" in one.calibrates and one.value
    )
    assert {key: times for key, times in statuses.items() if times > 1} == {}
