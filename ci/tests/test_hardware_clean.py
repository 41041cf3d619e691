"""What an earlier job left is removed, and nothing else."""

from __future__ import annotations

import os
import pathlib
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import marks
import pytest
from conftest import Script, Start

OLD = time.time() - 3600
Job = tuple[subprocess.Popen[str], int, str]


def _lives(pid: int) -> bool:
    return marks.start_of(pid) != ""


def _wait_for(path: pathlib.Path, beginning: str = "") -> str:
    """Give what stands in the file, once there is something that begins so."""
    deadline = time.monotonic() + 30
    while not (text := _text_of(path)) or not text.startswith(beginning):
        assert time.monotonic() < deadline, f"not within 30 s in {path}: {beginning!r}"
        time.sleep(0.02)
    return text


def _text_of(path: pathlib.Path) -> str:
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""


@pytest.fixture
def job(tmp_path: pathlib.Path, start: Start) -> Iterator[Job]:
    """A job that runs: its run.py, a process of it in a session of its own, and its mark."""
    (tmp_path / "work").mkdir()
    program = "echo $$ > work/pid; echo $YR_CI_JOB > work/mark; exec sleep 600"
    launcher = f"setsid -f sh -c {shlex.quote(program)}; sleep 600"
    arguments = ("--launcher", "sh -c", "--arguments", shlex.quote(launcher))
    with start("run", "--name", "job", "--minutes", "9", *arguments) as process:
        pid, mark = int(_wait_for(tmp_path / "work/pid")), _wait_for(tmp_path / "work/mark")
        # It is a shell until then, and named as one.
        _wait_for(pathlib.Path(f"/proc/{pid}/cmdline"), "sleep\0")
        yield process, pid, mark
        process.kill()
        for one in marks.marked_processes():
            if one.marks.get(marks.JOB) == mark:
                os.kill(one.pid, signal.SIGKILL)
        process.communicate(timeout=30)


def test_what_a_killed_job_left_is_ended(job: Job, tmp_path: pathlib.Path, script: Script) -> None:
    """A process that left the job's group is found by its mark once run.py was killed."""
    process, pid, mark = job
    process.kill()
    process.wait(30)

    done = script("clean", "--job", mark, "--parents", str(tmp_path))

    assert done.returncode == 0, done.stdout
    assert f"process {pid} (sleep 600): its job is no more" in done.stdout
    assert not _lives(pid)


def test_a_job_that_runs_is_left_alone(job: Job, tmp_path: pathlib.Path, script: Script) -> None:
    """As long as run.py lives, what it started is its own business."""
    _, pid, mark = job

    done = script("clean", "--job", mark, "--parents", str(tmp_path))

    assert f"process {pid} (sleep 600): left alone, its job lives" in done.stdout
    assert "0 processes ended" in done.stdout
    assert _lives(pid)


def test_a_dry_run_ends_nothing(job: Job, tmp_path: pathlib.Path, script: Script) -> None:
    """What would be ended is named, and lives on."""
    process, pid, mark = job
    process.kill()
    process.wait(30)

    done = script("clean", "--dry-run", "--job", mark, "--parents", str(tmp_path))

    assert f"process {pid} (sleep 600): its job is no more" in done.stdout
    assert _lives(pid)


def _aged(path: pathlib.Path) -> pathlib.Path:
    (path / "logs").mkdir(parents=True)
    (path / "logs/worker.log").touch()
    for one in (path / "logs/worker.log", path / "logs", path):
        os.utime(one, (OLD, OLD))
    return path


def test_directories_that_nobody_uses_are_removed(tmp_path: pathlib.Path, script: Script) -> None:
    """Homes of workers, of test processes and of Ray sessions, with all in them."""
    ours = [_aged(tmp_path / name) for name in ("yr-0123abcd", "yrc-a1_b2c3d", "yrw-zzzzzzzz")]

    done = script("clean", "--job", "none", "--parents", str(tmp_path))

    assert "3 directories removed" in done.stdout
    assert not any(path.exists() for path in ours)


def test_other_directories_are_kept(tmp_path: pathlib.Path, script: Script) -> None:
    """Another name, a link, a file, or one that changed a moment ago: not provably ours."""
    kept = [_aged(tmp_path / name) for name in ("yr-project", "yr-0123ABCD", "elsewhere")]
    link, young = tmp_path / "yr-00000000", tmp_path / "yr-11111111"
    link.symlink_to(tmp_path / "elsewhere")
    _aged(young)
    (young / "logs/new.log").touch()

    done = script("clean", "--job", "none", "--parents", str(tmp_path))

    assert "0 directories removed" in done.stdout
    assert all(path.exists() for path in (*kept, link, young))


@pytest.mark.parametrize("how", ["cwd", "argument", "variable", "file"])
def test_a_directory_in_use_is_kept(tmp_path: pathlib.Path, script: Script, how: str) -> None:
    """A process that works in it, names it, or has a file of it open keeps it."""
    path = _aged(tmp_path / "yr-0123abcd")
    program = "import sys, time; print('begun', flush=True); time.sleep(600)"
    extra = [str(path)] if how == "argument" else []
    with (path / "logs/worker.log").open(encoding="utf-8") as file:
        user = subprocess.Popen(
            [sys.executable, "-c", program, *extra],
            cwd=path if how == "cwd" else None,
            env={**os.environ, "HOME_OF_WORKER": str(path)} if how == "variable" else None,
            stdin=file if how == "file" else None,
            stdout=subprocess.PIPE,
            text=True,
        )
    with user:
        assert user.stdout is not None
        assert user.stdout.readline() == "begun\n"

        done = script("clean", "--job", "none", "--parents", str(tmp_path))
        user.kill()

    assert "0 directories removed" in done.stdout
    assert path.exists()
