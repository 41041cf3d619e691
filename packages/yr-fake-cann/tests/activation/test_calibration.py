"""What the emulator takes of a file of measured answers, and what it says of the rest."""

import json
import os
import pathlib
from collections.abc import Callable
from typing import Any

import pytest
from commands import command

from yr_fake_cann.calibration import CalibrationError, described, read

STATUS = {
    "kind": "status",
    "tolerance": 0.0,
    "outcome": "answered",
    "value": 507899,
    "emulated": 107000,
    "text": "",
    "calibrates": {"function": "aclrtFree", "situation": "freed-twice", "accepts": ""},
}
SECONDS = {
    **STATUS,
    "kind": "number",
    "tolerance": 1.0,
    "value": 120.4,
    "emulated": 1.0,
    "calibrates": {"setting": "connect-timeout"},
}
SAME_NPU = {"function": "HcclCommInitRootInfo", "situation": "same-npu", "accepts": "same-device"}

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: pathlib.Path) -> Write:
    """A function that writes a file with these answers and gives its path."""

    def written(schema: Any = 1, **answers: Any) -> str:
        path = tmp_path / "card.json"
        path.write_text(json.dumps({"schema": schema, "answers": answers}), encoding="utf-8")
        return os.fspath(path)

    return written


@pytest.mark.parametrize(
    ("answer", "entry"),
    [
        (STATUS, "aclrtFree:107000:freed-twice=507899"),
        (
            {**STATUS, "calibrates": {**STATUS["calibrates"], "situation": ""}},  # type: ignore[dict-item]
            "aclrtFree:107000=507899",
        ),
        (SECONDS, "connect-timeout=121"),
        ({**STATUS, "calibrates": SAME_NPU, "value": 0, "emulated": 1}, "same-device=1"),
        (
            {**SECONDS, "value": 512, "emulated": 2 << 20, "calibrates": {"setting": "alignment"}},
            "alignment=512",
        ),
    ],
)
def test_a_difference_becomes_an_entry(write: Write, answer: dict[str, Any], entry: str) -> None:
    """The variable has it behind the file."""
    path = write(question=answer)

    found = read(path)

    assert (found.variable, found.notice) == (f"file={path};{entry}", "")


@pytest.mark.parametrize(
    "answer",
    [
        {**STATUS, "value": 107000},
        {**SECONDS, "value": 1.9},
        {**STATUS, "outcome": "not-asked", "value": None},
    ],
)
def test_what_does_not_differ_is_no_entry(write: Write, answer: dict[str, Any]) -> None:
    """Nor is it told."""
    found = read(write(question=answer))

    assert (dict(found.entries), found.notice) == ({}, "")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"emulated": 0}, "the emulator's call succeeds"),
        ({"value": 0}, "the emulator cannot do what succeeds there"),
        ({"value": -1}, "-1 is no status"),
        ({"emulated": None}, "the emulator has no answer to it"),
        ({"outcome": "silent", "text": "no answer in 60 s"}, "no answer in 60 s"),
        ({"kind": "texts", "calibrates": None}, "an answer of kind texts that nothing sets"),
        (
            {"value": 48, "kind": "number", "calibrates": {"setting": "alignment"}},
            "the emulator has no alignment of 48",
        ),
    ],
)
def test_what_cannot_be_used_is_told(write: Write, changes: dict[str, Any], reason: str) -> None:
    """With the name of the question and the reason."""
    path = write(odd={**STATUS, **changes})

    assert read(path).notice == f"of {path} is not used: odd ({reason})"


def test_two_answers_to_one_thing_are_an_error(write: Write) -> None:
    """It names both."""
    path = write(first=STATUS, second={**STATUS, "value": 107017})

    with pytest.raises(CalibrationError, match=r"answers\.first and answers\.second disagree"):
        read(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"value": "many"}, "answers.odd.value: a whole number is expected, not 'many'"),
        ({"outcome": "lost"}, "answers.odd.outcome: one of answered, ended, silent, not-asked"),
        ({"calibrates": {}}, "answers.odd.calibrates.function is missing"),
        ({"calibrates": 5}, "answers.odd.calibrates: an object is expected, not 5"),
        (
            {"calibrates": {"setting": "colour"}},
            "answers.odd.calibrates.setting: one of memory, alignment, connect-timeout",
        ),
    ],
)
def test_a_file_with_something_else_names_the_key(
    write: Write, changes: dict[str, Any], message: str
) -> None:
    """And the file."""
    path = write(odd={**STATUS, **changes})

    with pytest.raises(CalibrationError) as raised:
        read(path)

    assert str(raised.value).startswith(f"{path}: {message}")


def test_another_schema_is_refused(write: Write) -> None:
    """What a later suite writes is not guessed at."""
    with pytest.raises(CalibrationError, match="schema: 1 is expected"):
        read(write(schema=2))


def test_a_missing_file_is_an_error_of_the_command() -> None:
    """It says what writes one."""
    done = command("env", "--calibration", "no-such-file")

    assert done.returncode == 1
    assert "`yr-conformance calibrate --output FILE` writes a calibration" in done.stderr


def test_a_file_in_force_is_shown(write: Write) -> None:
    """Which one, and how many values it has."""
    path = write(question=STATUS, odd={**STATUS, "emulated": 0})

    done = command("run", "--calibration", path, "--", "yr-fake-cann", "which")

    assert done.stdout.endswith(f"NPUs on host memory, {described(read(path).variable)}\n")
    assert described(read(path).variable) == f"calibrated by {path} (values: 1)"
    assert done.stderr == (
        f"yr-fake-cann: of {path} is not used: odd (the emulator's call succeeds)\n"
    )
