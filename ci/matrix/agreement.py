"""Whether the matrix agrees with what it refers to: ci/contents.py, noxfile.py and the clauses.

Nothing of these is repeated in ci/matrix.toml; what is named there must exist, and what a job says
that its environment holds must be what ci/contents.py installs for its target.
"""

from __future__ import annotations

import ast
import pathlib
from collections.abc import Iterable, Iterator, Mapping

import contents

from matrix import reading
from matrix.errors import ValueRefusedError
from matrix.records import Job, Matrix

_CHAPTERS = reading.ROOT / "packages/yr-conformance/src/yr_conformance/chapters"
_DECLARING = (reading.ROOT / "noxfile.py", *sorted((reading.ROOT / "ci").glob("*_sessions.py")))


def check(matrix: Matrix) -> None:
    """Raise ValueRefusedError for the first name that means nothing, or content that differs."""
    chapters, sessions = chapter_names(), session_names()
    if set(contents.RAYS) != set(reading.RAYS):
        raise ValueRefusedError("jobs.*", "rays", reading.RAYS, ", ".join(contents.RAYS))
    for job in matrix.jobs:
        _check_names(job, "targets", job.targets, set(contents.CONTENTS))
        _check_names(job, "sessions", [one.split()[0] for one in job.sessions], sessions)
        _check_names(job, "chapters", [one.partition("-")[0] for one in job.chapters], chapters)
        for target in job.targets:
            _check_contents(job, target)


def chapter_names() -> set[str]:
    """Name the chapters of clauses that there are."""
    return {path.parent.name.upper() for path in _CHAPTERS.glob("*/__init__.py")}


def session_names(declaring: Iterable[pathlib.Path] = _DECLARING) -> set[str]:
    """Name the sessions that these files declare by nox's decorator."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in declaring]
    nodes = [node for tree in trees for node in tree.body]
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    return {name for function in functions for name in _session_name(function)}


def versions(job: Job) -> dict[str, tuple[str, ...]]:
    """Give the versions that a job runs on, of each distribution; called for tables."""
    pinned = {
        "torch": (job.torch, contents.TORCH),
        "torch_npu": (job.torch_npu, contents.TORCH_NPU),
        "datasystem": (job.datasystem, contents.DATASYSTEM),
    }
    found = {
        name: (requirement.partition("==")[2],) if said == "pinned" else ()
        for name, (said, requirement) in pinned.items()
    }
    return {**found, "ray": tuple(contents.RAYS[ray] for ray in job.rays)}


def _check_names(job: Job, key: str, names: tuple[str, ...] | list[str], known: set[str]) -> None:
    for name in names:
        if name not in known:
            raise ValueRefusedError(f"jobs.{job.name}", key, name, ", ".join(sorted(known)))


def _check_contents(job: Job, target: str) -> None:
    installed, _, _ = contents.CONTENTS[target]
    said: Mapping[str, tuple[str, str]] = {
        "torch": (job.torch, contents.TORCH),
        "torch_npu": (job.torch_npu, contents.TORCH_NPU),
        "datasystem": (job.datasystem, contents.DATASYSTEM),
    }
    for key, (value, requirement) in said.items():
        has = requirement in (contents.TORCH, *installed)
        expected = "pinned" if has else "none"
        if value != expected:
            allowed = f"{expected}, as ci/contents.py has it for target {target}"
            raise ValueRefusedError(f"jobs.{job.name}", key, value, allowed)


def _session_name(function: ast.FunctionDef) -> Iterator[str]:
    for decorator in function.decorator_list:
        if ast.unparse(decorator).startswith("nox.session"):
            keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
            given = [one.value for one in keywords if one.arg == "name"]
            name = ast.literal_eval(given[0]) if given else function.name
            yield str(name)
