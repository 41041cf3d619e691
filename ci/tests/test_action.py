"""The action for other repositories starts each target as its programs want to be started."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
from collections.abc import Callable

import pytest
import yaml

ACTION = pathlib.Path(__file__).resolve().parents[2] / ".github" / "actions" / "conformance"
TELLING = '#!/bin/sh\necho "$(basename "$0")" "$@"\n'
RUN = "yr-conformance run --target {} --mode metastore --report yr-conformance-report"
Step = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def step(tmp_path: pathlib.Path) -> Step:
    """Run one of the script's steps, where the programs that it starts tell their arguments."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("yr-fake-ds", "yr-fake-cann", "yr-conformance", "telling-python"):
        (programs / name).write_text(TELLING, encoding="utf-8")
        (programs / name).chmod(0o755)

    def run(name: str, **settings: str) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join((str(programs), os.environ["PATH"]))
        return subprocess.run(
            [ACTION / "conformance.sh", name],
            cwd=tmp_path,
            env={"PATH": path, "PYTHON": sys.executable, **settings},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.mark.parametrize(
    ("settings", "started"),
    [
        ({}, "yr-fake-ds run -- " + RUN.format("fake")),
        ({"NPUS": "4"}, "yr-fake-ds run --npus 4 -- " + RUN.format("fake")),
        ({"TARGET": "real-cpu"}, RUN.removeprefix("yr-conformance ").format("real-cpu")),
        (
            {"TARGET": "real-emulated-npu"},
            "yr-fake-cann run --npus 8 -- " + RUN.format("real-emulated-npu"),
        ),
        (
            {"TARGET": "transport", "TRANSPORT": "my_adapter"},
            RUN.removeprefix("yr-conformance ").format("transport") + " --transport my_adapter",
        ),
    ],
    ids=["fake", "fake with NPUs", "real-cpu", "real-emulated-npu", "transport"],
)
def test_each_target_is_started_in_its_way(
    step: Step, settings: dict[str, str], started: str
) -> None:
    """Fakes activate the process that runs the clauses; the released datasystem needs nothing."""
    assert step("run", **settings).stdout.strip().removeprefix("yr-conformance ") == started


def test_chapters_and_arguments_are_words(step: Step, tmp_path: pathlib.Path) -> None:
    """Chapters are separated by spaces, arguments quoted as a shell would, nothing is executed."""
    words = '-k "one or two" --seed 3 $(touch made)'

    done = step("run", CHAPTERS="KV  XFER-GET", ARGUMENTS=words)

    expected = "--chapter KV --chapter XFER-GET -k one or two --seed 3 $(touch made)"
    assert done.stdout.strip().endswith(expected), done.stderr
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("settings", "installed"),
    [
        ({}, ["yr-conformance[report] yr-fake-ds", "--no-deps ray-ascend-yr"]),
        ({"NPUS": "2", "TRANSPORT": "mine"}, ["yr-conformance[report] yr-fake-ds yr-fake-cann"]),
        (
            {"TARGET": "real-cpu"},
            ["yr-conformance[report] openyuanrong-datasystem", "ray-ascend-yr"],
        ),
        ({"TARGET": "transport"}, ["yr-conformance[report]"]),
    ],
    ids=["fake", "fake with NPUs, another transport", "real-cpu", "transport"],
)
def test_each_target_gets_what_it_needs(
    step: Step, settings: dict[str, str], installed: list[str]
) -> None:
    """On the fake, the transport comes without the released SDK that it asks for."""
    done = step("install", **settings, PYTHON="telling-python")

    lines = done.stdout.replace(f"{ACTION.parents[2] / 'packages'}/", "").splitlines()
    assert lines == [f"telling-python -m pip install --quiet {one}" for one in installed]


def test_a_number_of_npus_that_is_none_is_refused(step: Step) -> None:
    """The message says which input it was."""
    done = step("run", NPUS="two")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "conformance: npus is a number, not 'two'\n"


def test_the_summary_is_added_to_the_page(step: Step, tmp_path: pathlib.Path) -> None:
    """Below what other steps wrote; a run without a report adds nothing."""
    page, report = tmp_path / "page", tmp_path / "report"
    page.write_text("before\n", encoding="utf-8")

    assert step("summary", GITHUB_STEP_SUMMARY=str(page), REPORT=str(report)).returncode == 0
    report.mkdir()
    (report / "summary.md").write_text("all passed\n", encoding="utf-8")
    assert step("summary", GITHUB_STEP_SUMMARY=str(page), REPORT=str(report)).returncode == 0

    assert page.read_text(encoding="utf-8") == "before\nall passed\n"


def test_every_input_reaches_the_script() -> None:
    """An input reaches the step that runs by the variable that the script's comment names."""
    action = yaml.safe_load((ACTION / "action.yml").read_text(encoding="utf-8"))
    running = action["runs"]["steps"][1]["env"]

    assert running == {name.upper(): f"${{{{ inputs.{name} }}}}" for name in action["inputs"]}
