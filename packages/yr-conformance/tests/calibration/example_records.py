"""Records of machines that answer a few questions."""

from dataclasses import replace
from typing import Any

from yr_conformance.calibration.record import Entry, Record

STATUS = Entry(
    asks="Which status has aclrtFree of memory that was freed before?",
    kind="status",
    source="guess",
    unit="",
    tolerance=0.0,
    outcome="answered",
    value=107000,
    text="",
    seconds=0.1,
    calibrates={"function": "aclrtFree", "situation": "freed-twice", "accepts": ""},
    emulated=107000,
)
SECONDS = replace(
    STATUS,
    asks="After how long?",
    kind="number",
    unit="s",
    tolerance=0.5,
    value=1.0,
    calibrates={"setting": "connect-timeout"},
    emulated=1.0,
)
TEXTS = replace(
    STATUS,
    asks="What does it say?",
    kind="texts",
    value={"1": "parameter error", "9": "timeout"},
    calibrates=None,
    emulated=None,
)


def record(**changes: Entry) -> Record:
    """A machine that answers as the emulator does but for these questions."""
    answers = {"status": STATUS, "seconds": SECONDS, "texts": TEXTS, **changes}
    facts: dict[str, Any] = {"versions": {"cann": "8.5.0"}, "machine": {}}
    return Record("real-npu", "2026-11-30", "Ascend910B3", 2, answers=answers, **facts)
