"""Random walks through each area, taken by the fake and by the released worker side by side."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import hypothesis.strategies as st
import pytest
from areas import AREAS, Step
from counterexample import script
from hypothesis import HealthCheck, given, seed, settings
from night import Night, chunks, phases
from sdk_process import SdkProcess
from walking import DifferenceError, Walk


@pytest.mark.parametrize(("name", "chunk"), chunks(AREAS))
def test_both_take_the_same_walks(
    name: str, chunk: int, fake_stage: SdkProcess, real_stage: SdkProcess, night: Night
) -> None:
    """Each step gives the same result, or the same type of error with the same text."""
    area = AREAS[name]
    night.skip_if_done(name, chunk)

    @settings(
        max_examples=area.walks,
        deadline=None,
        database=None,
        phases=phases(),
        suppress_health_check=list(HealthCheck),
    )
    @seed(chunk)
    @given(st.lists(area.steps, min_size=area.length, max_size=area.length))
    def walk(steps: list[Step]) -> None:
        Walk(area, (fake_stage, real_stage)).take(steps)

    try:
        walk()
    except DifferenceError as difference:
        sys.stdout.write(script(difference.prefix, difference.steps, str(difference)))
        raise
    night.note_done(name, chunk)


def test_a_counterexample_repeats_its_steps(
    fake_environ_of_any_release: dict[str, str], tmp_path: Path
) -> None:
    """The script needs nothing but an SDK, and prints what each step gave."""
    steps = [
        ["own", "set", "m", "x*3"],
        ["far", "get", "m"],
        ["together", [["own", "exist", "m"], ["red", "exist", "m"]]],
        ["red", "call", "kv", "get", ["=m"], False, 0],
    ]
    path = tmp_path / "counterexample.py"
    path.write_text(script("p-", steps, "nothing differs"), encoding="utf-8")

    done = subprocess.run(
        [sys.executable, str(path)],
        capture_output=True,
        text=True,
        check=True,
        env=fake_environ_of_any_release,
        cwd=tmp_path,
    )

    given = [line.partition(" -> ")[2] for line in done.stdout.splitlines()]
    assert given[0] == "{'ok': None}"
    assert given[1] == "{'ok': [\"b'x'*3\"]}"
    assert given[2] == "{'ok': [{'ok': [False]}, {'ok': [True]}]}"
    assert given[3].startswith("{'error': 'RuntimeError', 'text': 'code: [Key not found]")
