"""The reason why a worker does not start is found where its log is."""

from __future__ import annotations

import os
import pathlib

import pytest

from ray_ascend.backend.worker_log import explain, has_given_up

LINE = "2026-11-23T23:13:06 | E | worker.cpp:1 |   | {pid}:10374 | trace |  | {text}\n"
FATAL = "Worker runtime error: no plugin"


def write_log(directory: pathlib.Path, *lines: str) -> None:
    """Write a worker's log."""
    directory.mkdir(parents=True)
    (directory / "datasystem_worker.INFO.log").write_text("".join(lines), encoding="utf-8")


def output_of(directory: object, pid: int = 7) -> str:
    """What dscli prints before the worker is ready."""
    return (
        f"[INFO] Log directory configured at: {directory}\n"
        f"[INFO] Starting worker service with PID: {pid}\n"
    )


@pytest.mark.parametrize("directory", ["datasystem/logs", "elsewhere"])
def test_the_log_is_read_where_dscli_says(tmp_path: pathlib.Path, directory: str) -> None:
    """A `--log_dir` of the user's does not hide why the worker gave up."""
    write_log(tmp_path / directory, LINE.format(pid=7, text=FATAL))
    output = output_of(tmp_path / directory)

    assert has_given_up(output, str(tmp_path))
    assert explain(output, str(tmp_path)) == FATAL


def test_errors_of_earlier_workers_do_not_count(tmp_path: pathlib.Path) -> None:
    """A log directory that is kept holds the last words of workers before this one."""
    write_log(tmp_path / "kept", LINE.format(pid=6, text=FATAL))

    assert not has_given_up(output_of(tmp_path / "kept"), str(tmp_path))


def test_before_dscli_has_said_anything_there_is_no_reason(tmp_path: pathlib.Path) -> None:
    """No output and no log is no reason."""
    assert not has_given_up("", os.fspath(tmp_path))


def test_the_cause_comes_first(tmp_path: pathlib.Path) -> None:
    """Of many errors the first is kept, and the last ones that it led to."""
    texts = ["no such library", "no device", "no device", "no memory", FATAL]
    write_log(tmp_path / "logs", *(LINE.format(pid=7, text=text) for text in texts))

    reason = explain(output_of(tmp_path / "logs"), str(tmp_path))

    assert reason.splitlines() == ["no such library", "no memory", FATAL]
