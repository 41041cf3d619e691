"""What may be done twice, done twice on the fake and on the real system, step by step.

By one client and by two, at one worker and at two, in both orders. Unlike the random walk this
compares also the line of the sources that refuses.
"""

import itertools
import os
from pathlib import Path
from typing import Any

import pytest
from sdk_process import SdkProcess

SCENARIOS = Path(__file__).with_name("done_twice.txt").read_text(encoding="utf-8")
SIZES = {"small": "8", "large": "600000"}
_RUN = itertools.count()


def scenarios() -> dict[str, list[str]]:
    """Give the steps of each scenario, by its name."""
    found: dict[str, list[str]] = {}
    for part in SCENARIOS.split("\n# ")[1:]:
        name, _newline, text = part.partition("\n\n")[0].partition("\n")
        found[name] = [step.strip() for step in text.replace("\n", " ").split(";")]
    return found


def chosen() -> list[Any]:
    """Give all scenarios; one in twenty is short enough for the gate, the night has the others."""
    return [
        pytest.param(name, marks=[pytest.mark.long] if number % 20 else [])
        for number, name in enumerate(scenarios())
    ]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", chosen())
def test_both_systems_do_it_alike(
    name: str, size: str, fake_actors: SdkProcess, real_actors: SdkProcess
) -> None:
    """Each step gives the same result, or the same error from the same place."""
    prefix = f"{os.getpid()}-{next(_RUN)}-"
    sides = (fake_actors, real_actors)
    for side in sides:
        side.do("forget")

    for step in scenarios()[name]:
        call = ("step", prefix, step.replace("{n}", SIZES[size]))
        fake, real = (side.do(*call) for side in sides)
        assert fake == real, f"{step}: the fake gave {fake!r:.600}, the real one {real!r:.600}"
        assert real.get("error", "RuntimeError") == "RuntimeError", f"{step} is no step: {real}"
