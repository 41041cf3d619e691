"""What a card was measured to do, as the emulator takes it over.

    file of `yr-conformance calibrate` ─ read ─► entries ─ YR_FAKE_CANN_CALIBRATION ─► libraries
                                           └───► what they cannot do: named on stderr

Only what differs from the emulator's own answer is taken. A status is translated by the function
that returns it, the emulator's status and, where one function has one status for several mistakes,
the name of the mistake (`docs/calibration.md`).
"""

import json
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

VARIABLE: Final = "YR_FAKE_CANN_CALIBRATION"
SCHEMA: Final = 1
_SEPARATOR: Final = ";"
_MOST_STATUS: Final = 2**31 - 1
_LEAST_ALIGNMENT, _MOST_ALIGNMENT = 32, 2 << 20
_LEAST_MEMORY, _MOST_MEMORY = 1 << 20, 1 << 44


class CalibrationError(Exception):
    """A file is no calibration; the message names the file, the key in it and what is expected."""


@dataclass(frozen=True)
class Calibration:
    """A file, read: entries for the native library, and why other differences are not used."""

    path: str
    entries: Mapping[str, int]
    unused: Mapping[str, str]

    @property
    def variable(self) -> str:
        """The value of YR_FAKE_CANN_CALIBRATION; it also says which file it is of."""
        texts = (f"{name}={value}" for name, value in self.entries.items())
        return _SEPARATOR.join([f"file={self.path}", *texts])

    @property
    def notice(self) -> str:
        """One line about what is not used, without an end; nothing if all is."""
        if not self.unused:
            return ""
        named = ", ".join(f"{name} ({reason})" for name, reason in self.unused.items())
        return f"of {self.path} is not used: {named}"


def read(path: str | os.PathLike[str]) -> Calibration:
    """Read a file that `yr-conformance calibrate --output` wrote; raises CalibrationError."""
    name = os.path.abspath(path)
    if _SEPARATOR in name:
        raise CalibrationError(f"{name}: the path of a calibration may have no {_SEPARATOR!r}")
    found = _Field(name, "", _loaded(name))
    if found.member("schema").whole() != SCHEMA:
        raise CalibrationError(f"{name}: schema: {SCHEMA} is expected")
    entries: dict[str, int] = {}
    unused: dict[str, str] = {}
    askers: dict[str, str] = {}
    for question, answer in found.member("answers").members():
        try:
            taken = dict(_entries(answer))
        except _NotUsedError as error:
            unused[question] = str(error)
            continue
        for entry, value in taken.items():
            if entries.setdefault(entry, value) != value:
                raise CalibrationError(
                    f"{name}: answers.{askers[entry]} and answers.{question} disagree: {entry} is "
                    f"{entries[entry]} and {value}; leave one of them out of the file"
                )
            askers.setdefault(entry, question)
    return Calibration(name, entries, unused)


def described(variable: str) -> str:
    """Say in a few words what a value of the variable does, for `yr-fake-cann which`."""
    entries = [entry for entry in variable.split(_SEPARATOR) if entry]
    files = [entry.partition("=")[2] for entry in entries if entry.startswith("file=")]
    values = len(entries) - len(files)
    return f"calibrated by {files[0] if files else VARIABLE} (values: {values})"


class _NotUsedError(Exception):
    """An answer differs from the emulator's, which cannot be made to give it; the reason."""


def _loaded(path: str) -> Any:
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except OSError as error:
        raise CalibrationError(
            f"{path}: {error.strerror}; `yr-conformance calibrate --output FILE` writes a "
            "calibration"
        ) from error
    except ValueError as error:
        raise CalibrationError(f"{path} is no JSON: {error}") from error


@dataclass(frozen=True)
class _Field:
    """A value in the file, with the keys that lead to it."""

    path: str
    key: str
    value: Any

    def member(self, name: str) -> "_Field":
        found = self._object()
        if name not in found:
            raise CalibrationError(f"{self.path}: {self._named(name)} is missing")
        return _Field(self.path, self._named(name), found[name])

    def members(self) -> Iterator[tuple[str, "_Field"]]:
        for name, value in self._object().items():
            yield name, _Field(self.path, self._named(name), value)

    def whole(self) -> int:
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            raise self._unlike("a whole number")
        return self.value

    def number(self) -> float:
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self._unlike("a number")
        return self.value

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self._unlike("a text")
        return self.value

    def one_of(self, *choices: str) -> str:
        if self.value not in choices:
            raise self._unlike(f"one of {', '.join(choices)}")
        return self.text()

    def _object(self) -> dict[str, Any]:
        if not isinstance(self.value, dict):
            raise self._unlike("an object")
        return self.value

    def _named(self, name: str) -> str:
        return f"{self.key}.{name}" if self.key else name

    def _unlike(self, expected: str) -> CalibrationError:
        at = f"{self.key}: " if self.key else ""
        return CalibrationError(f"{self.path}: {at}{expected} is expected, not {self.value!r}")


def _entries(answer: _Field) -> Iterator[tuple[str, int]]:
    """Give the entry of an answer, none if it is the emulator's; _NotUsedError if it has none."""
    outcome = answer.member("outcome").one_of("answered", "ended", "silent", "not-asked")
    emulated = answer.member("emulated")
    if outcome == "not-asked" or (outcome == "answered" and _same(answer)):
        return
    if outcome != "answered":
        raise _NotUsedError(answer.member("text").text())
    target = answer.member("calibrates")
    if target.value is None:
        raise _NotUsedError(f"an answer of kind {answer.member('kind').text()} that nothing sets")
    if emulated.value is None:
        raise _NotUsedError("the emulator has no answer to it")
    if "setting" in dict(target.members()):
        yield _setting(target.member("setting"), answer.member("value"))
    else:
        yield _status(target, emulated.whole(), answer.member("value").whole())


def _same(answer: _Field) -> bool:
    value, emulated = answer.member("value"), answer.member("emulated")
    if answer.member("kind").text() != "number" or emulated.value is None:
        return bool(value.value == emulated.value)
    return abs(value.number() - emulated.number()) <= answer.member("tolerance").number()


def _status(target: _Field, emulated: int, measured: int) -> tuple[str, int]:
    function, situation = target.member("function").text(), target.member("situation").text()
    accepts = target.member("accepts").one_of("", "same-device")
    if not measured and accepts:
        return accepts, 1
    if not emulated:
        raise _NotUsedError("the emulator's call succeeds")
    if not measured:
        raise _NotUsedError("the emulator cannot do what succeeds there")
    if not 0 < measured <= _MOST_STATUS:
        raise _NotUsedError(f"{measured} is no status")
    return f"{function}:{emulated}{situation and ':' + situation}", measured


def _setting(name: _Field, value: _Field) -> tuple[str, int]:
    chosen = name.one_of("memory", "alignment", "connect-timeout")
    number = math.ceil(value.number())
    least, most = {
        "memory": (_LEAST_MEMORY, _MOST_MEMORY),
        "alignment": (_LEAST_ALIGNMENT, _MOST_ALIGNMENT),
        "connect-timeout": (1, _MOST_STATUS),
    }[chosen]
    if not least <= number <= most or (chosen == "alignment" and number & (number - 1)):
        raise _NotUsedError(f"the emulator has no {chosen} of {number}")
    return chosen, number
