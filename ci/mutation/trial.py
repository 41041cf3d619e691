"""One module under cosmic-ray: each small change of it once, and what its tests say.

A copy of the package is changed, never the checkout. Cosmic-ray keeps what is done in a file, so a
trial that was cut off goes on where it was as long as the copy is there.
"""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys

from changes import Outcomes
from modules import Module
from outcomes import outcomes_of

LIMIT_S = 60.0
# `|` stands in annotations; two signs instead of another are enough; ruff knows the wrong `is`.
LEFT_OUT = (
    "core/ReplaceBinaryOperator_BitOr_.*",
    "core/ReplaceBinaryOperator_.*_(Div|FloorDiv|Mod|Pow|RShift|LShift|BitOr|BitAnd|BitXor)",
    "core/ReplaceComparisonOperator_(Eq|NotEq|Lt|LtE|Gt|GtE)_Is(Not)?",
)
_FORKED = pathlib.Path(__file__).with_name("forked.py")
_SESSION = "session.sqlite"
_UNCHANGED = "unchanged.py"
_CONFIGURATION = "cosmic-ray.toml"


class TrialError(Exception):
    """Cosmic-ray, or the tests with nothing changed, failed; the text is what they printed."""


def outcomes_for(module: Module, below: pathlib.Path) -> Outcomes:
    """Try every change of a module, in a directory of its own; TrialError if that is impossible."""
    directory = below / module.name.replace("/", "-").removesuffix(".py")
    if not (directory / _SESSION).exists():
        _prepare(module, directory)
    # What was cut off may have left a change in the copy.
    shutil.copyfile(directory / _UNCHANGED, directory / module.source)
    _run(directory, sys.executable, str(_FORKED), "exec", _CONFIGURATION, _SESSION)
    return outcomes_of(module.name, directory / _SESSION)


def _prepare(module: Module, directory: pathlib.Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    for part in ("src", "tests"):
        shutil.copytree(module.directory / part, directory / part)
    shutil.copyfile(directory / module.source, directory / _UNCHANGED)
    (directory / _CONFIGURATION).write_text(_configuration(module), encoding="utf-8")
    _run(directory, "cosmic-ray", "baseline", _CONFIGURATION)
    _run(directory, "cosmic-ray", "init", _CONFIGURATION, "made.sqlite")
    _run(directory, "cr-filter-operators", "made.sqlite", _CONFIGURATION)
    (directory / "made.sqlite").rename(directory / _SESSION)


def _configuration(module: Module) -> str:
    tests = " ".join(f"tests/{test}" for test in module.tests)
    # Tests of such modules need no cluster's fixtures, whose imports take longer than they do.
    options = "-q -x -p no:cacheprovider --noconftest --hypothesis-seed=0"
    command = f"{sys.executable} -m pytest {options} {tests}"
    lines = (
        "[cosmic-ray]",
        f"module-path = {json.dumps(module.source)}",
        f"timeout = {LIMIT_S}",
        "excluded-modules = []",
        f"test-command = {json.dumps(command)}",
        "[cosmic-ray.distributor]",
        'name = "local"',
        "[cosmic-ray.filters.operators-filter]",
        f"exclude-operators = {json.dumps(LEFT_OUT)}",
    )
    return "\n".join(lines) + "\n"


def _run(directory: pathlib.Path, *command: str) -> None:
    paths = (str(directory / "src"), os.environ.get("PYTHONPATH", ""))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    done = subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise TrialError(f"{' '.join(command)} in {directory}:\n{done.stdout}{done.stderr}")
