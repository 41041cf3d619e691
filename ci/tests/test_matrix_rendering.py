"""Rendered files say what the data says, and nothing that a service or a stranger could abuse."""

from __future__ import annotations

import dataclasses
import pathlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from matrix import reading, rendering
from matrix.cells import cells_of
from matrix.records import Matrix

WORKFLOWS = [f".github/workflows/{one.name}.yml" for one in rendering.WORKFLOWS]
ON_HARDWARE = WORKFLOWS[1:]


@pytest.fixture(scope="module")
def matrix() -> Matrix:
    """The matrix of this repository."""
    return reading.read()


def test_the_files_in_the_repository_are_those_rendered(matrix: Matrix) -> None:
    """Whoever changes the data renders the files too, and nobody changes them by hand."""
    assert rendering.differing(matrix) == []


def test_a_file_that_was_changed_by_hand_is_named(matrix: Matrix, tmp_path: pathlib.Path) -> None:
    """A difference of one character is found, and written over."""
    rendering.write(matrix, tmp_path)
    changed = tmp_path / WORKFLOWS[0]
    changed.write_text(changed.read_text(encoding="utf-8") + " ", encoding="utf-8")

    assert rendering.differing(matrix, tmp_path) == [pathlib.Path(WORKFLOWS[0])]
    assert rendering.write(matrix, tmp_path) == [pathlib.Path(WORKFLOWS[0])]
    assert rendering.differing(matrix, tmp_path) == []


def test_every_cell_is_in_a_workflow_and_in_both_templates(matrix: Matrix) -> None:
    """No service runs less than another."""
    slugs = {cell.slug for job in matrix.jobs for cell in cells_of(job)}

    assert {cell["slug"] for file in WORKFLOWS for cell in _inclusions(file)} == slugs
    for template in ("gitlab", "buildkite"):
        text = (reading.ROOT / f"ci/templates/{template}.yml").read_text(encoding="utf-8")
        assert set(re.findall(r'"?SLUG"?: "([^"]+)"', text)) == slugs


@pytest.mark.parametrize("file", WORKFLOWS)
def test_jobs_have_limits_and_actions_are_pinned(file: str) -> None:
    """Each job ends some day, nobody can move an action, and no token stays in a checkout."""
    for job in _workflow(file)["jobs"].values():
        assert 5 <= job["timeout-minutes"] <= 360
        for step in job["steps"]:
            assert re.search(r"^\./\.github/|@[0-9a-f]{40}$", step.get("uses", "./.github/"))
    text = (reading.ROOT / file).read_text(encoding="utf-8")
    assert text.count("persist-credentials: false") == text.count("actions/checkout@")


@pytest.mark.parametrize("file", ON_HARDWARE)
def test_no_stranger_starts_a_job_on_hardware(file: str) -> None:
    """Workflows with NPUs know pushes, schedules and people with rights, and no pull requests."""
    triggers = set(_workflow(file)[True])

    assert triggers <= {"push", "schedule", "workflow_dispatch"}


@pytest.mark.parametrize("file", ON_HARDWARE)
def test_hardware_is_off_until_a_maintainer_switches_it_on(file: str, matrix: Matrix) -> None:
    """Without the variable no job waits for a runner that nobody registered."""
    needing = {job.name for job in matrix.jobs if job.needs_npus}
    jobs = _workflow(file)["jobs"]

    assert needing & jobs.keys()
    for name in (needing & jobs.keys()) | {"watchdog"}:
        assert "vars.ASCEND_RUNNERS == 'on'" in jobs[name]["if"]


def test_no_stranger_starts_a_job_on_hardware_elsewhere(matrix: Matrix) -> None:
    """GitLab's and Buildkite's jobs with NPUs need the switch, and know no requests to merge."""
    gitlab, buildkite = (_workflow(f"ci/templates/{name}.yml") for name in ("gitlab", "buildkite"))
    groups = {group["key"]: group["steps"] for group in buildkite["steps"]}
    for job in (job for job in matrix.jobs if job.needs_npus):
        first, *others = gitlab[job.name]["rules"]
        assert first == {"if": '$ASCEND_RUNNERS != "on"', "when": "never"}
        assert not [rule for rule in others if "merge_request" in rule["if"]]
        for step in groups[job.name]:
            assert 'build.env("ASCEND_RUNNERS") == "on"' in step["if"]
            assert "build.pull_request.id == null" in step["if"]


@pytest.mark.parametrize("file", WORKFLOWS)
def test_a_maintainer_names_the_index_of_torch_for_cpus(file: str) -> None:
    """torch_npu aborts beside a torch for CUDA, which is what pip takes unless it is told."""
    assert _workflow(file)["env"] == {"PIP_EXTRA_INDEX_URL": "${{ vars.PIP_EXTRA_INDEX_URL }}"}


def test_only_the_watchdog_may_do_more_than_read() -> None:
    """The token of every other job reads the repository."""
    for file in WORKFLOWS:
        workflow = _workflow(file)
        assert workflow["permissions"] == {"contents": "read"}
        may_write = [name for name, job in workflow["jobs"].items() if "permissions" in job]
        assert may_write in ([], ["watchdog"])


def test_devices_are_mounted_where_the_machine_does_not_give_them(matrix: Matrix) -> None:
    """A runner of one's own, without a pool, gets device nodes and the driver by options."""
    runners = {
        label: dataclasses.replace(runner, devices="host" if runner.npus else "none")
        for label, runner in matrix.runners.items()
    }
    jobs = tuple(
        dataclasses.replace(job, runners=tuple(runners[one.label] for one in job.runners))
        for job in matrix.jobs
    )
    files = rendering.rendered(dataclasses.replace(matrix, jobs=jobs, runners=runners))

    container = yaml.safe_load(files[pathlib.Path(ON_HARDWARE[0])])["jobs"]["a2-pair"]["container"]

    assert (
        "--device /dev/davinci0 --device /dev/davinci1 --device /dev/davinci_manager"
        in (container["options"])
    )
    assert "/usr/local/Ascend/driver:/usr/local/Ascend/driver:ro" in container["volumes"]


def test_data_cannot_change_the_structure_of_a_file(matrix: Matrix) -> None:
    """A reference with quotes and newlines stays one value."""
    image = matrix.jobs[-1].image
    assert image is not None
    odd = 'a"b: c\n- d'
    last = dataclasses.replace(matrix.jobs[-1], image=dataclasses.replace(image, reference=odd))
    files = rendering.rendered(dataclasses.replace(matrix, jobs=(*matrix.jobs[:-1], last)))

    jobs = yaml.safe_load(files[pathlib.Path(ON_HARDWARE[1])])["jobs"]

    cells = jobs[last.name]["strategy"]["matrix"]["include"]
    assert {cell["image"] for cell in cells} == {odd}


def _workflow(file: str) -> dict[Any, Any]:
    content: dict[Any, Any] = yaml.safe_load((reading.ROOT / file).read_text(encoding="utf-8"))
    return content


def _inclusions(file: str) -> Iterator[dict[str, str]]:
    for job in _workflow(file)["jobs"].values():
        yield from job.get("strategy", {}).get("matrix", {}).get("include", [])
