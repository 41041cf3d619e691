"""Run jobs on this machine, with the steps of their rendered workflow, and no card.

    .github/workflows ── steps of the job ──► bash, with python3 and npu-smi of the rehearsal first
                                              on PATH ──► ci/hardware/*.py ──► nox

What differs from a runner is said: actions are left out, another architecture is this one, emulated
NPUs take the place of cards, nothing is installed, and cleaning only tells what it would do.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from matrix.cells import Cell, cells_of
from matrix.reading import ROOT
from matrix.records import Job, Matrix
from matrix.rendering import WORKFLOWS, rendered

_CHIPS = {"910b": "Ascend910B3", "a3": "Ascend910_9382"}
"""What yr-fake-cann can be; any other is taken for the first."""
_LEAST_NPUS = 4
"""So many the target real-emulated-npu needs (yr_conformance.targets.npus)."""
_LEFT_OUT = {"setup.py --install": "setup.py", "clean.py": "clean.py --dry-run"}
_NPU_SMI = '#!/bin/sh\nexec "{python}" -m yr_fake_cann npu-smi "$@"\n'


@dataclass(frozen=True)
class Rehearsed:
    """What became of a cell, and in what its run differed from that of a runner."""

    slug: str
    verdict: str
    seconds: float
    differences: tuple[str, ...]


def rehearse(matrix: Matrix, job: str, cell: str, more: str) -> Iterator[Rehearsed]:
    """Run the cells whose job and slug are meant (empty: all), with more arguments for nox."""
    workflows = _workflows(matrix)
    for one in matrix.jobs:
        for run in cells_of(one) if job in {"", one.name} else ():
            if cell in {"", run.slug}:
                yield _rehearse(one, run, workflows[one.name]["steps"], more)


def _workflows(matrix: Matrix) -> dict[str, dict[str, Any]]:
    files = rendered(matrix)
    paths = (pathlib.Path(f".github/workflows/{one.name}.yml") for one in WORKFLOWS)
    return {
        name: job for path in paths for name, job in yaml.safe_load(files[path])["jobs"].items()
    }


def _rehearse(job: Job, cell: Cell, steps: list[dict[str, Any]], more: str) -> Rehearsed:
    differences = list(_differences(cell))
    python = _interpreter(cell.python)
    if python is None:
        return Rehearsed(cell.slug, f"not run: no Python {cell.python} here", 0.0, ())
    arguments, stand_in = _arguments(job, cell, more)
    differences += [stand_in] if stand_in else []
    for report in (f"run-{cell.slug}.json", "probe.json"):
        (ROOT / "reports" / report).unlink(missing_ok=True)
    begin = time.monotonic()
    with _programs(python) as programs:
        environment = {**_environment(cell), "SLUG": cell.slug, "ARGUMENTS": arguments}
        environment["PATH"] = os.pathsep.join((programs, environment["PATH"]))
        verdict = _run(steps, environment)
    return Rehearsed(cell.slug, verdict, time.monotonic() - begin, tuple(differences))


def _differences(cell: Cell) -> Iterator[str]:
    here = os.uname().machine
    if cell.runner.architecture != here:
        yield f"on {here} instead of {cell.runner.architecture}"
    if cell.image:
        yield f"outside of {cell.image}"


def _arguments(job: Job, cell: Cell, more: str) -> tuple[str, str]:
    """Give nox's arguments, with a target that needs no card, and what was replaced."""
    arguments = f"{cell.arguments} {more}".strip()
    if "real-npu" not in job.targets:
        return arguments, ""
    target = "real-emulated-npu" if cell.runner.npus >= _LEAST_NPUS else "real-cpu"
    return arguments.replace("--target real-npu", f"--target {target}"), f"on {target}"


def _environment(cell: Cell) -> dict[str, str]:
    """Give the environment of the steps: that of no CI service, whatever runs this."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
    if cell.runner.npus:
        kept["YR_FAKE_CANN_DEVICES"] = str(cell.runner.npus)
        kept["YR_FAKE_CANN_SOC"] = _CHIPS.get(cell.runner.chip, _CHIPS["910b"])
    return kept


def _interpreter(python: str) -> str | None:
    if sys.version_info[:2] == tuple(map(int, python.split("."))):
        return sys.executable
    found = shutil.which(f"python{python}")
    # A shim of pyenv may be there without an interpreter behind it.
    works = found and subprocess.run([found, "-c", ""], capture_output=True, check=False)
    return found if works and works.returncode == 0 else None


@contextlib.contextmanager
def _programs(python: str) -> Iterator[str]:
    """Make a directory with `python3`, as an image or setup-python has it, and with `npu-smi`."""
    with tempfile.TemporaryDirectory() as directory:
        scripts = {
            "python3": f'#!/bin/sh\nexec "{python}" "$@"\n',
            "npu-smi": _NPU_SMI.format(python=sys.executable),
        }
        for name, text in scripts.items():
            path = pathlib.Path(directory, name)
            path.write_text(text, encoding="utf-8")
            path.chmod(0o755)
        yield directory


def _run(steps: list[dict[str, Any]], environment: Mapping[str, str]) -> str:
    """Run the steps as a runner does: after a failure only those that say so."""
    failed = ""
    for step in steps:
        name = step.get("name", step.get("uses", ""))
        if "run" not in step:
            print(f"--- left out: {name}", flush=True)
        elif not failed or step.get("if") == "always()":
            print(f"--- {name}", flush=True)
            status = _step(step["run"], environment)
            failed = failed or (f"failed in «{name}» ({status})" if status else "")
    return failed or "passed"


def _step(script: str, environment: Mapping[str, str]) -> int:
    for said, instead in _LEFT_OUT.items():
        script = script.replace(said, instead)
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=ROOT, env=dict(environment), check=False).returncode
