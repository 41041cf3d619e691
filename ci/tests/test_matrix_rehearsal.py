"""A rehearsal runs the steps that a runner would, and says in what it differs."""

from __future__ import annotations

import dataclasses
import pathlib
import sys

import pytest
from matrix import reading, rehearsal
from matrix.__main__ import main
from matrix.records import Matrix

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def matrix(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> Matrix:
    """Jobs for this Python whose scripts are played by ones that tell how they were called."""
    scripts = tmp_path / "ci" / "hardware"
    scripts.mkdir(parents=True)
    for name in ("setup", "probe", "run", "collect", "clean"):
        (scripts / f"{name}.py").write_text(
            "import os, pathlib, shutil, sys\n"
            f"words = ['{name}', *sys.argv[1:]]\n"
            "words += [os.path.basename(shutil.which('npu-smi')), os.environ['SLUG']]\n"
            "with open('called', 'a') as file: print(*words, sep='|', file=file)\n"
            f"sys.exit(pathlib.Path('fail-{name}').exists())\n",
            encoding="utf-8",
        )
    monkeypatch.setattr(rehearsal, "ROOT", tmp_path)
    read = reading.read()
    jobs = tuple(dataclasses.replace(job, pythons=(HERE,)) for job in read.jobs)
    return dataclasses.replace(read, jobs=jobs)


def _called(root: pathlib.Path) -> list[list[str]]:
    lines = (root / "called").read_text(encoding="utf-8").splitlines()
    return [line.split("|") for line in lines]


def test_a_job_with_cards_runs_all_its_steps(matrix: Matrix, tmp_path: pathlib.Path) -> None:
    """Each script with its own options, but nothing is cleaned or installed here."""
    (done,) = rehearsal.rehearse(matrix, "a2-node", "", "-k one")

    called = _called(tmp_path)
    names = [words[0] for words in called]
    assert names == ["clean", "probe", "setup", "run", "collect", "clean"]
    assert called[0][1] == "--dry-run"
    assert called[1][1:3] == ["--npus", "8"]
    assert "--install" not in called[2]
    (arguments,) = (word for word in called[3] if word.startswith("-s conformance"))
    assert "--target real-emulated-npu" in arguments
    assert arguments.endswith("-k one")
    assert {words[-2] for words in called} == {"npu-smi"}
    assert (done.verdict, done.slug) == ("passed", called[0][-1])
    assert "on real-emulated-npu" in done.differences


def test_a_job_with_few_cards_rehearses_the_host(matrix: Matrix, tmp_path: pathlib.Path) -> None:
    """Emulated NPUs are needed by fours; with fewer the datasystem of the host is left."""
    (done,) = rehearsal.rehearse(matrix, "a3-pair", "", "")

    assert "on real-cpu" in done.differences
    assert any("--target real-cpu" in word for words in _called(tmp_path) for word in words)


@pytest.mark.parametrize("name", ["probe", "setup", "run"])
def test_after_a_failure_only_the_last_steps_run(
    matrix: Matrix, tmp_path: pathlib.Path, name: str
) -> None:
    """What was found is collected, and the machine is cleaned, as on a runner."""
    (tmp_path / f"fail-{name}").touch()

    (done,) = rehearsal.rehearse(matrix, "a2-node", "", "")

    names = [words[0] for words in _called(tmp_path)]
    assert names[-3:] == [name, "collect", "clean"]
    assert done.verdict.startswith("failed in ")


def test_a_python_that_is_not_here_is_said(matrix: Matrix, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cell is not run, and counts as no failure."""
    jobs = tuple(dataclasses.replace(job, pythons=("3.9",)) for job in matrix.jobs)
    monkeypatch.setenv("PATH", "")

    (done,) = rehearsal.rehearse(dataclasses.replace(matrix, jobs=jobs), "a2-node", "", "")

    assert done.verdict == "not run: no Python 3.9 here"


def test_a_job_that_does_not_exist_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    """The message names those that do."""
    status = main(["--dry-run", "--job", "a9-node"])

    assert status == 1
    assert "jobs: style, tests, fake" in capsys.readouterr().err
