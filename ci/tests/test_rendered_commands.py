"""What rendered files let a runner execute are our scripts, with options that they have."""

from __future__ import annotations

import importlib
import pathlib
import re
import shlex

import pytest
from matrix import reading, rendering

FILES = sorted(str(path) for path in rendering.rendered(reading.read()) if path.suffix == ".yml")
WITH_NPUS = [name for name in FILES if "checks" not in name and name != rendering.RELEASE]
_COMMAND = re.compile(r"python3 ci/hardware/(\w+)\.py([^;'\n]*(?:\"\$+\w+\"[^;'\n]*)*)")


def _commands(file: str) -> set[tuple[str, str]]:
    text = (reading.ROOT / file).read_text(encoding="utf-8")
    return {(name, options.strip()) for name, options in _COMMAND.findall(text)}


@pytest.mark.parametrize("file", FILES)
def test_scripts_know_the_options_that_they_are_given(file: str) -> None:
    """An option that a script lost, or a template misspelt, would be found on a runner only."""
    commands = _commands(file)

    needed = {"setup"} if file == rendering.RELEASE else {"setup", "run", "collect"}
    assert needed <= {name for name, _ in commands}
    for name, options in commands:
        importlib.import_module(name)._options(shlex.split(options))


@pytest.mark.parametrize("file", WITH_NPUS)
def test_a_machine_with_npus_is_looked_at_and_cleaned(file: str) -> None:
    """Before the job and after it."""
    text = (reading.ROOT / file).read_text(encoding="utf-8")

    assert {"probe", "clean"} <= {name for name, _ in _commands(file)}
    assert text.count("clean.py") == 2 * text.count("probe.py --npus")


def test_files_that_commands_name_exist() -> None:
    """The matcher of problems, for one."""
    matchers = re.findall(r"add-matcher::(\S+?)\"", _text_of("checks"))

    assert set(matchers) == {"ci/hardware/pytest-problems.json"}
    assert all((reading.ROOT / pathlib.Path(name)).is_file() for name in matchers)


def _text_of(workflow: str) -> str:
    path = reading.ROOT / ".github/workflows" / f"{workflow}.yml"
    return path.read_text(encoding="utf-8")
