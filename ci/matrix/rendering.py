"""The files of the CI services, rendered from the matrix by jinja2 templates in `sources`.

A template looks like the file that it makes, and every value of the data goes through `tojson`,
which is YAML too: nothing in the data can change the structure of a file. Its delimiters are
`[[ ]]` and `[% %]`, because GitHub's expressions and GitLab's lists use braces.
"""

from __future__ import annotations

import functools
import json
import pathlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import jinja2
from contents import GLIBC, RAYS, TORCH

from matrix import supported
from matrix.cells import Cell, cells_of
from matrix.reading import ARCHITECTURES, ROOT
from matrix.records import HARDWARE, TIERS, Containers, Job, Matrix

HEADER = (
    "Rendered from ci/matrix.toml by `nox -s matrix -- --write`: change that file, not this one."
)
# Releases by their commits: a tag can be moved, and these run beside the hardware.
ACTIONS = {
    "checkout": "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2",
    "setup_python": "actions/setup-python@a309ff8b426b58ec0e2a45f0f869d46889d02405 # v6.2.0",
    "cache": "actions/cache@cdf6c1fa76f9f475f3d7449005a359c84ca0f306 # v5.0.3",
    "upload_artifact": "actions/upload-artifact@b7c566a772e6b6bfb58ed0dc250532a479d7789f # v6.0.0",
    "download": "actions/download-artifact@37930b1c2abaa49bbe596cd826c3c89aef350131 # v7.0.0",
    "publish": "pypa/gh-action-pypi-publish@cef221092ed1bacb1cc03d23a2d87d1d172e277b # v1.14.0",
}
RELEASE = ".github/workflows/release.yml"
VERSIONS = "docs/versions.md"
_AFTERWARDS_MINUTES = 5
_SOURCES = pathlib.Path(__file__).parent / "sources"


@dataclass(frozen=True)
class Workflow:
    """One workflow of GitHub Actions: which tiers it runs, and when (`at`: cron, UTC)."""

    name: str
    tiers: tuple[str, ...]
    forks: bool
    at: str = ""


WORKFLOWS = (
    Workflow("checks", ("0", "1", "2"), forks=True),
    Workflow("hardware", HARDWARE, forks=False),
    Workflow("nightly", ("nightly",), forks=False, at="23 18 * * *"),
)


def rendered(matrix: Matrix) -> dict[pathlib.Path, str]:
    """Give the content of every rendered file, by its path in the repository."""
    files = {
        pathlib.Path(f".github/workflows/{one.name}.yml"): _workflow(matrix, one)
        for one in WORKFLOWS
    }
    files[pathlib.Path(RELEASE)] = _render(
        "release.yml.j2", actions=ACTIONS, architectures=ARCHITECTURES
    )
    files[pathlib.Path(VERSIONS)] = _render(
        "versions.md.j2", columns=supported.COLUMNS, rows=supported.rows(matrix), glibc=GLIBC
    )
    labels = [runner.label for runner in matrix.runners.values() if not runner.forks]
    files[pathlib.Path(".github/actionlint.yaml")] = _render("actionlint.yml.j2", labels=labels)
    for name in ("gitlab", "buildkite"):
        variables = functools.partial(_variables, matrix.containers)
        jobs = [_job(job, matrix.containers, variables) for job in matrix.jobs]
        content = _render(f"{name}.yml.j2", jobs=jobs, tiers=[_stage(tier) for tier in TIERS])
        files[pathlib.Path(f"ci/templates/{name}.yml")] = content
    return files


def differing(matrix: Matrix, root: pathlib.Path = ROOT) -> list[pathlib.Path]:
    """Name the rendered files that are missing or not what the data says."""
    return [
        path
        for path, content in rendered(matrix).items()
        if not (root / path).exists() or (root / path).read_text(encoding="utf-8") != content
    ]


def write(matrix: Matrix, root: pathlib.Path = ROOT) -> list[pathlib.Path]:
    """Write the files that differ, and name them."""
    content = rendered(matrix)
    changed = differing(matrix, root)
    for path in changed:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content[path], encoding="utf-8")
    return changed


def _workflow(matrix: Matrix, workflow: Workflow) -> str:
    jobs = [job for job in matrix.jobs if job.tier in workflow.tiers]
    return _render(
        "github.yml.j2",
        jobs=[_job(job, matrix.containers, _inclusion) for job in jobs],
        file=workflow,
        queue=max(runner.queue for job in jobs for runner in job.runners),
        actions=ACTIONS,
        stack=(TORCH, f"ray=={RAYS['newest']}", "numpy"),
    )


def _job(
    job: Job, containers: Containers, cell: Callable[[Cell], Mapping[str, str]]
) -> dict[str, Any]:
    mounts = any(runner.devices == "host" for runner in job.runners)
    npus = max(runner.npus for runner in job.runners)
    devices = [f"/dev/davinci{number}" for number in range(npus)] + list(containers.devices)
    shared_memory = job.image.shared_memory if job.image else ""
    return {
        "name": job.name,
        "tier": job.tier,
        "stage": _stage(job.tier),
        "minutes": job.minutes,
        "run_minutes": job.minutes - _AFTERWARDS_MINUTES,
        "needs_npus": job.needs_npus,
        "npus": job.npus,
        "condition": _condition(job),
        "shared_memory": shared_memory,
        "options": _options(shared_memory, devices if mounts else ()),
        "volumes": list(containers.volumes) if mounts else [],
        "all_devices": devices,
        "all_volumes": list(containers.volumes),
        "cells": [cell(one) for one in cells_of(job)],
    }


def _condition(job: Job) -> str:
    if job.tier in ("0", "1", "2"):
        return ""
    # inputs.job is empty where a push or a schedule started the run.
    chosen = f"((inputs.job || 'all') == 'all' || inputs.job == '{job.name}')"
    return f"vars.ASCEND_RUNNERS == 'on' && {chosen}" if job.needs_npus else chosen


def _options(shared_memory: str, devices: Iterable[str]) -> str:
    given = [f"--shm-size {shared_memory}", "--ulimit nproc=65535:65535"]
    return " ".join([*given, *(f"--device {device}" for device in devices)])


def _inclusion(cell: Cell) -> dict[str, str]:
    image = {"image": cell.image} if cell.image else {}
    where = {"slug": cell.slug, "runner": cell.runner.label, "python": cell.python}
    return {**where, **image, "arguments": cell.arguments}


def _variables(containers: Containers, cell: Cell) -> dict[str, str]:
    image = cell.image or containers.cpu_image.replace("{python}", cell.python)
    return {
        "SLUG": cell.slug,
        "RUNNER": cell.runner.label,
        "PYTHON": cell.python,
        "IMAGE": image,
        "ARGUMENTS": cell.arguments,
    }


def _stage(tier: str) -> str:
    return tier if tier == "nightly" else f"tier {tier}"


def _render(template: str, **values: object) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_SOURCES),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - YAML is made here, no HTML
        variable_start_string="[[",
        variable_end_string="]]",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string="[#",
        comment_end_string="#]",
        keep_trailing_newline=True,
    )
    # Jinja's own is made for HTML: it would escape quotes and ampersands.
    environment.filters["tojson"] = functools.partial(json.dumps, ensure_ascii=False)
    text = environment.get_template(template).render(header=HEADER, **values)
    return text.rstrip("\n") + "\n"
