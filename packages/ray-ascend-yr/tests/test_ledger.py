"""Ledger: which keys a process holds, readable after its death."""

from __future__ import annotations

import os
import pathlib
import stat
import subprocess
import sys

import pytest

from ray_ascend.store.ledger import Ledger, orphans

HOLDER = """
import sys
from ray_ascend.store.ledger import Ledger
ledger = Ledger(sys.argv[1])
ledger.add("kept")
ledger.add("dropped")
ledger.remove("dropped")
print("ready", flush=True)
sys.stdin.read()
"""


def test_a_killed_process_leaves_its_keys(tmp_path: pathlib.Path) -> None:
    """A living process is no orphan; once killed, it is one with exactly its live keys."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"ready\n"
        assert orphans(str(tmp_path)) == []

        holder.kill()

    (orphan,) = orphans(str(tmp_path))
    assert orphan.keys() == ["kept"]
    orphan.discard()
    orphan.discard()
    assert orphans(str(tmp_path)) == []


def test_a_closed_ledger_belongs_to_the_supervisor(tmp_path: pathlib.Path) -> None:
    """Closing gives the keys away without deleting anything."""
    ledger = Ledger(str(tmp_path))
    ledger.add("key")
    assert ledger.count() == 1

    ledger.close()
    ledger.close()

    assert ledger.count() == 0
    assert [orphan.keys() for orphan in orphans(str(tmp_path))] == [["key"]]


def test_a_backend_that_is_gone(tmp_path: pathlib.Path) -> None:
    """Adding fails when the directory was removed; removing and looking do not."""
    ledger = Ledger(str(tmp_path / "gone"))
    orphans_path = pathlib.Path(ledger.path)
    for entry in orphans_path.iterdir():
        entry.unlink()
    orphans_path.rmdir()

    with pytest.raises(FileNotFoundError):
        ledger.add("key")
    ledger.remove("key")

    assert ledger.count() == 0
    assert orphans(str(tmp_path / "never")) == []
    ledger.close()


def test_a_ledger_that_nobody_can_hold_is_an_orphan(tmp_path: pathlib.Path) -> None:
    """It is one that was being discarded when the supervisor ended."""
    (tmp_path / "123-abc").mkdir()

    assert [orphan.keys() for orphan in orphans(str(tmp_path))] == [[]]


def test_a_ledger_is_its_users_own(tmp_path: pathlib.Path) -> None:
    """Whatever the user's files are otherwise, nobody else reads what belongs to an object."""
    before = os.umask(0)
    try:
        ledger = Ledger(str(tmp_path / "ledger"))
        ledger.add("key")
    finally:
        os.umask(before)
    ledger.close()

    made = [tmp_path / "ledger", *(tmp_path / "ledger").rglob("*")]
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in made}
    assert modes == {
        **dict.fromkeys(("ledger", os.path.basename(ledger.path)), 0o700),
        **dict.fromkeys((".lock", "key"), 0o600),
    }
