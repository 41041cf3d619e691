"""Workers that nobody keeps any more are ended by the next one that starts on the machine."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import subprocess
from collections.abc import Iterator

import psutil
import pytest
from conftest import wait_until

from ray_ascend.backend.keeper import Keeper, end_abandoned, end_worker


@contextlib.contextmanager
def running(home: pathlib.Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process that has a directory in its command line, as a worker has."""
    home.mkdir(exist_ok=True)
    command = ["bash", "-c", f"exec -a {home}/worker sleep 600"]
    with subprocess.Popen(command) as process:
        try:
            named = psutil.Process(process.pid)
            wait_until(lambda: named.cmdline()[:1] == [f"{home}/worker"])
            yield process
        finally:
            process.kill()


@pytest.fixture
def gone() -> Keeper:
    """A reaper that has ended."""
    with subprocess.Popen(["true"]) as process:
        pass
    return dataclasses.replace(Keeper.here(), pid=process.pid)


@pytest.fixture
def home(tmp_path: pathlib.Path) -> pathlib.Path:
    """A worker's directory."""
    directory = tmp_path / "yr-0123abcd"
    directory.mkdir()
    return directory


def test_a_worker_whose_keeper_is_gone_ends(home: pathlib.Path, gone: Keeper) -> None:
    """It and its directory are gone when the call returns."""
    with running(home) as worker:
        dataclasses.replace(gone, worker=worker.pid).note(str(home))

        end_abandoned([str(home.parent)])

        assert worker.wait(20) != 0
    assert not home.exists()


def test_a_worker_whose_keeper_lives_is_left_alone(home: pathlib.Path) -> None:
    """Its keeper ends it when it is time."""
    with running(home) as worker:
        Keeper.here(worker.pid).note(str(home))

        end_abandoned([str(home.parent)])

        assert worker.poll() is None
    assert home.exists()


def test_an_id_that_is_used_again_is_another_keeper(home: pathlib.Path) -> None:
    """A process with the id of the keeper that has started at another time keeps nothing."""
    here = Keeper.here()
    dataclasses.replace(here, started=here.started - 1).note(str(home))

    end_abandoned([str(home.parent)])

    assert not home.exists()


def test_a_keeper_of_another_container_is_not_judged(home: pathlib.Path, gone: Keeper) -> None:
    """Where directories are shared and processes are not, ids of the others mean nothing here."""
    dataclasses.replace(gone, namespace="pid:[1]").note(str(home))

    end_abandoned([str(home.parent)])

    assert home.exists()


@pytest.mark.parametrize("note", ["", "{", "[]", '{"pid": 1}'])
def test_a_directory_without_a_keeper_is_left_alone(home: pathlib.Path, note: str) -> None:
    """Whatever else is called so is not ours to remove."""
    (home / "kept-by.json").write_text(note, encoding="utf-8")

    end_abandoned([str(home.parent), str(home.parent / "missing")])

    assert home.exists()


def test_a_link_is_not_followed(home: pathlib.Path, gone: Keeper) -> None:
    """What a link with such a name points to stays."""
    elsewhere = home.rename(home.parent / "elsewhere")
    gone.note(str(elsewhere))
    os.symlink(elsewhere, home)

    end_abandoned([str(home.parent)])

    assert elsewhere.exists()


def test_a_process_that_has_nothing_to_do_with_it_lives(
    home: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    """An id that means another process by now is not killed."""
    with running(tmp_path / "other") as process:
        end_worker(str(home), process.pid)

        assert process.poll() is None
    assert not home.exists()
