"""The file of a calibration: what a machine answered, and all that is needed to use it.

`yr-fake-cann` reads it too, so that each answer says which value of the emulator it stands for.
"""

from __future__ import annotations

import datetime
import json
import pathlib
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from yr_conformance._version import __version__
from yr_conformance.calibration.answer import Answer, Value
from yr_conformance.calibration.errors import CalibrationError
from yr_conformance.calibration.question import Kind, Question, Source

SCHEMA: Final = 1
EMULATED: Final = pathlib.Path(__file__).with_name("emulated.json")
"""What yr-fake-cann answers, as shipped; a test compares it with the emulator of this tree."""


@dataclass(frozen=True)
class Entry:
    """A question and its answer, as the file has them."""

    asks: str
    kind: Kind
    source: Source
    unit: str
    tolerance: float
    outcome: str
    value: Value | None
    text: str
    seconds: float
    calibrates: Mapping[str, Any] | None
    """Function and situation, or setting, of the emulator that the answer is a value of."""
    emulated: Value | None = None
    """What yr-fake-cann answers, None if it has no answer."""

    @property
    def answer(self) -> Answer:
        """The answer alone."""
        return Answer(self.outcome, self.value, self.text, self.seconds)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Record:
    """A whole file."""

    target: str
    date: str
    chip: str
    npus: int
    versions: Mapping[str, str]
    machine: Mapping[str, str]
    answers: Mapping[str, Entry]

    def write(self, path: pathlib.Path) -> None:
        """Write the file; raises CalibrationError if that is not possible."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(
                json.dumps({"schema": SCHEMA, **asdict(self)}, indent=1) + "\n", encoding="utf-8"
            )
        except OSError as error:
            raise CalibrationError(f"{path} cannot be written: {error.strerror}") from error


def entry(asked: Question, answer: Answer) -> Entry:
    """Put a question and its answer together."""
    calibrates = asdict(asked.calibrates) if asked.calibrates else None
    return Entry(
        *(asked.asks, asked.kind, asked.source, asked.unit, asked.tolerance),
        *(answer.outcome, answer.value, answer.text, answer.seconds, calibrates),
    )


def record(
    target: str, about: Mapping[str, Any], answers: Mapping[str, Entry], emulated: Record | None
) -> Record:
    """Make the record of a run; `emulated` is what answers stand beside, None for that itself."""
    reference = emulated.answers if emulated else answers
    return Record(
        target,
        datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        about["chip"],
        about["npus"],
        {"yr-conformance": __version__, "cann": about["cann"]},
        {"system": platform.system(), "architecture": platform.machine()},
        {name: _referring(each, reference.get(name)) for name, each in answers.items()},
    )


def _referring(one: Entry, reference: Entry | None) -> Entry:
    return replace(one, emulated=reference.value if reference else None)


def read(path: pathlib.Path) -> Record:
    """Read a file; CalibrationError names it, and the key that is missing or too much."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CalibrationError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise CalibrationError(f"{path} is no JSON: {error}") from error
    if not isinstance(found, dict) or found.pop("schema", None) != SCHEMA:
        raise CalibrationError(f"{path}: schema {SCHEMA} of a calibration is expected")
    try:
        answers = {name: Entry(**row) for name, row in found.pop("answers").items()}
        return Record(answers=answers, **found)
    except (AttributeError, KeyError, TypeError) as error:
        raise CalibrationError(f"{path} is no calibration: {error}") from error
