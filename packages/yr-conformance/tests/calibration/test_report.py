"""What differs between two machines, and the report of it."""

import pathlib
from dataclasses import replace

import example_records
import pytest

from yr_conformance.calibration import record as records
from yr_conformance.calibration import report
from yr_conformance.calibration.differences import differences
from yr_conformance.calibration.errors import CalibrationError
from yr_conformance.calibration.record import Entry

EMULATED = example_records.record()
OTHER_STATUS = replace(example_records.STATUS, value=507899)
FILE = pathlib.Path("card.json")


def differing(**changes: Entry) -> list[tuple[str, str, str]]:
    """What differs when a machine answers so."""
    found = differences(example_records.record(**changes), EMULATED)
    return [(each.question, each.measured, each.emulated) for each in found]


def test_the_same_answers_do_not_differ() -> None:
    """Nor do numbers within what is tolerated."""
    assert differing() == []
    assert differing(seconds=replace(example_records.SECONDS, value=1.4)) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"status": OTHER_STATUS}, ("status", "507899", "107000")),
        ({"seconds": replace(example_records.SECONDS, value=120.3)}, ("seconds", "120.3", "1")),
        (
            {"texts": replace(example_records.TEXTS, value={"1": "para error", "9": "timeout"})},
            ("texts [1]", "para error", "parameter error"),
        ),
        (
            {
                "status": replace(
                    OTHER_STATUS, outcome="silent", value=None, text="no answer in 60 s"
                )
            },
            ("status", "no answer in 60 s", "107000"),
        ),
    ],
)
def test_other_answers_differ(changes: dict[str, Entry], expected: tuple[str, str, str]) -> None:
    """Each with both answers."""
    assert differing(**changes) == [expected]


def test_what_was_not_asked_is_no_difference() -> None:
    """The report has it with the reason, in a table of its own."""
    changed = replace(OTHER_STATUS, outcome="not-asked", value=None, text="it needs 2 NPUs")
    measured = example_records.record(status=changed)

    text = "\n".join(report.lines(measured, EMULATED, None))

    assert not differences(measured, EMULATED)
    assert "2 questions asked, 0 answered differently, 1 not asked." in text
    assert "| status | Which status has aclrtFree of memory" in text.partition("## Not asked")[2]


def test_the_report_says_how_to_use_the_file() -> None:
    """And what each difference stands for, and whether it was a guess."""
    lines = list(report.lines(example_records.record(status=OTHER_STATUS), EMULATED, FILE))

    row = next(line for line in lines if line.startswith("| status |"))
    assert row.endswith("| 507899 | 107000 | a guess | status of aclrtFree, freed-twice |")
    assert "    yr-fake-cann run --calibration card.json -- COMMAND ..." in lines


def test_a_machine_like_the_emulator_needs_no_file() -> None:
    """The report says that there is no difference."""
    lines = list(report.lines(EMULATED, EMULATED, FILE))

    assert lines[-1].startswith("There is no difference")


def test_what_is_written_is_read(tmp_path: pathlib.Path) -> None:
    """A record is the same when it comes back."""
    EMULATED.write(tmp_path / "new" / "card.json")

    assert records.read(tmp_path / "new" / "card.json") == EMULATED


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no JSON"),
        ("[]", "schema 1 of a calibration is expected"),
        ('{"schema": 2}', "schema 1 of a calibration is expected"),
        ('{"schema": 1}', "is no calibration: 'answers'"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: pathlib.Path, text: str, message: str) -> None:
    """The message names it."""
    path = tmp_path / "card.json"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(CalibrationError, match=message) as raised:
        records.read(path)

    assert str(path) in str(raised.value)
