"""`yr-conformance calibrate`: ask a machine all questions, write the answers, print the report."""

from __future__ import annotations

import argparse
import os
import pathlib
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Final

from yr_conformance.calibration import record, report
from yr_conformance.calibration.answer import Answer
from yr_conformance.calibration.errors import CalibrationError
from yr_conformance.calibration.question import Question
from yr_conformance.calibration.questions import about, chosen
from yr_conformance.calibration.record import Entry, Record
from yr_conformance.calibration.runner import ask
from yr_conformance.targets import npus

WRONG: Final = 2
_INTERRUPTED: Final = Answer("not-asked", text="interrupted")
_CALIBRATED: Final = "YR_FAKE_CANN_CALIBRATION"
EMULATED_TARGETS: Final = {"real-npu": False, "real-emulated-npu": True}
"""The targets that have NPUs, and whether these are yr-fake-cann's."""


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = commands.add_parser("calibrate", help="record what a card does where we had to guess")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--target", help=" or ".join(EMULATED_TARGETS))
    what.add_argument(
        "--report", type=pathlib.Path, metavar="FILE", help="print the report of such a file"
    )
    what.add_argument("--list", action="store_true", help="print the questions instead")
    parser.add_argument("--output", type=pathlib.Path, metavar="FILE", help="write the answers")
    parser.add_argument(
        "--question",
        action="append",
        default=[],
        metavar="PREFIX",
        help="only questions whose names begin so; repeatable",
    )
    parser.add_argument(
        "--renew",
        action="store_true",
        help="write emulated.json anew, which all is compared with, as the emulator has changed",
    )
    parser.set_defaults(do=calibrate)


def calibrate(options: argparse.Namespace) -> int:
    """Ask, or read what was answered, and print; 0 whatever the answers are."""
    try:
        questions = chosen(options.question)
        if options.list:
            return _list(questions)
        _check_renewal(options)
        emulated = None if options.renew else record.read(record.EMULATED)
        output = record.EMULATED if options.renew else options.report or options.output
        measured = _measured(options, questions, emulated)
        if output and output != options.report:
            measured.write(output)
    except CalibrationError as error:
        print(f"yr-conformance: {error}", file=sys.stderr)  # noqa: T201
        return WRONG
    print(*report.lines(measured, emulated or measured, output), sep="\n")  # noqa: T201
    return 0


def _measured(
    options: argparse.Namespace, questions: Iterable[Question], emulated: Record | None
) -> Record:
    if options.report:
        return record.read(options.report)
    facts = facts_of(options.target)
    return record.record(options.target, facts, ask_all(questions, facts["npus"]), emulated)


def _list(questions: Iterable[Question]) -> int:
    for asked in questions:
        print(f"{asked.id:<40} {asked.kind:<7} {asked.source:<11} {asked.asks}")  # noqa: T201
    return 0


def _check_renewal(options: argparse.Namespace) -> None:
    partly = options.output or options.question
    if options.renew and (partly or not EMULATED_TARGETS.get(options.target)):
        raise CalibrationError("--renew asks real-emulated-npu all questions, and names no output")
    if options.renew and os.environ.get(_CALIBRATED):
        raise CalibrationError("--renew records the emulator as it is, without --calibration")


def facts_of(target: str) -> Mapping[str, Any]:
    """Give what the record says of the machine; CalibrationError unless it is the target's."""
    if target not in EMULATED_TARGETS:
        raise CalibrationError(
            f"target {target!r} has no NPU to ask; calibrate {' or '.join(EMULATED_TARGETS)}"
        )
    found = ask(about.npus)
    if found.outcome != "answered" or not found.value:
        raise CalibrationError(
            f"target {target}: no NPU found ({found.text or 'CANN counts none'}). {_advice(target)}"
        )
    if npus.is_emulated() is not EMULATED_TARGETS[target]:
        whose = "yr-fake-cann's" if npus.is_emulated() else "of a real CANN"
        raise CalibrationError(f"target {target}: the NPUs are {whose}. {_advice(target)}")
    return {"npus": found.value, "chip": ask(about.chip).shown, "cann": ask(about.version).shown}


def ask_all(questions: Iterable[Question], count: int) -> dict[str, Entry]:
    """Ask one after the other, and tell on stderr what came of each.

    Ctrl-C leaves the rest out, so that half an hour's answers are not lost.
    """
    answers: dict[str, Entry] = {}
    interrupted = False
    for asked in questions:
        try:
            answer = _INTERRUPTED if interrupted else _ask_with(asked, count)
        except KeyboardInterrupt:
            answer, interrupted = _INTERRUPTED, True
        answers[asked.id] = record.entry(asked, answer)
        shown = answer.shown if asked.kind != "texts" else "(texts)"
        print(f"{asked.id}: {shown} ({answer.seconds:.1f} s)", file=sys.stderr, flush=True)  # noqa: T201
    return answers


def _ask_with(asked: Question, count: int) -> Answer:
    if asked.npus > count:
        return Answer("not-asked", text=f"it needs {asked.npus} NPUs, there is {count}")
    return ask(asked)


def _advice(target: str) -> str:
    if EMULATED_TARGETS[target]:
        return f"Run: yr-fake-cann run -- yr-conformance calibrate --target {target}"
    return (
        "Was CANN's set_env.sh read, is /dev/davinci* there, and is `yr-fake-cann run` left out? "
        "ci/hardware/probe.py tells more"
    )
