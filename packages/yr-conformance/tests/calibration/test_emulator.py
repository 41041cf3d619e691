"""The emulator of this tree answers as the suite says that it does, and as a file tells it."""

import importlib.util
import json
import pathlib
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from yr_conformance.calibration import record
from yr_conformance.calibration.differences import same
from yr_conformance.calibration.question import Question
from yr_conformance.calibration.questions import copies, groups, memory, table
from yr_conformance.calibration.record import Entry
from yr_conformance.calibration.runner import ask

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("yr_fake_cann") is None, reason="yr-fake-cann is not installed"
)
AT_ONCE = 6
"""Most questions wait, for their process or for a time that they ask about."""


def activate(monkeypatch: pytest.MonkeyPatch, *options: str) -> str:
    """Let processes that start from now on have emulated NPUs; return what is said of it."""
    command = [sys.executable, "-m", "yr_fake_cann", "env", "--npus", "2", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines():
        name, _, value = shlex.split(line)[1].partition("=")
        monkeypatch.setenv(name, value)
    return done.stderr


def asked_now(asked: Question) -> tuple[str, Entry]:
    """Return the name of a question with what came of it."""
    return asked.id, record.entry(asked, ask(asked))


def agrees(found: Entry, recorded: Entry) -> bool:
    """Whether they are the same; what took longer did so on a busy machine."""
    now, then = found.value, recorded.value
    if found.unit == "s" and isinstance(now, float) and isinstance(then, float):
        return now >= then - recorded.tolerance
    return same(found, recorded)


def test_the_emulator_answers_as_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else: yr-fake-cann run -- yr-conformance calibrate --target real-emulated-npu --renew."""
    activate(monkeypatch)
    shipped = record.read(record.EMULATED).answers

    with ThreadPoolExecutor(AT_ONCE) as threads:
        found = list(threads.map(asked_now, table()))

    differing = [(name, one.answer) for name, one in found if not agrees(one, shipped[name])]
    assert differing == []


def test_the_emulator_gives_the_status_of_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    """For the mistake that it was measured for, and for no other of the same function."""
    changed = json.loads(record.EMULATED.read_text(encoding="utf-8"))
    changed["answers"]["acl.memcpy.freed"]["value"] = 507899
    changed["answers"]["acl.message.once"]["value"] = True
    file = tmp_path / "card.json"
    file.write_text(json.dumps(changed), encoding="utf-8")

    said = activate(monkeypatch, "--calibration", str(file))

    assert said == (
        f"yr-fake-cann: of {file} is not used: acl.message.once (an answer of kind yes-no that "
        "nothing sets)\n"
    )
    assert ask(copies.freed).value == 507899
    assert ask(copies.past_the_end).value == 107000


def test_the_emulator_lets_ranks_meet_as_a_file_has_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    """On one NPU, if a card lets them; and a wrong group has the card's status."""
    changed = json.loads(record.EMULATED.read_text(encoding="utf-8"))
    changed["answers"]["hccl.init.same-npu"]["value"] = 0
    changed["answers"]["hccl.init.no-ranks"]["value"] = 4
    file = tmp_path / "card.json"
    file.write_text(json.dumps(changed), encoding="utf-8")

    activate(monkeypatch, "--calibration", str(file))

    assert [ask(asked).value for asked in (groups.same_npu, groups.no_ranks)] == [0, 4]
    assert ask(groups.rank_out_of_range).value == 1


def test_the_emulator_has_the_memory_of_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    """Its amount and its alignment."""
    changed = json.loads(record.EMULATED.read_text(encoding="utf-8"))
    changed["answers"]["acl.memory.total"]["value"] = 65_787_658_240
    changed["answers"]["acl.memory.alignment"]["value"] = 512
    file = tmp_path / "card.json"
    file.write_text(json.dumps(changed), encoding="utf-8")

    activate(monkeypatch, "--calibration", str(file))

    assert ask(memory.total).value == 65_787_658_240
    assert ask(memory.alignment).value == 512
