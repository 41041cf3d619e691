"""Ledger: which keys a process holds, readable after its death."""

from __future__ import annotations

import pathlib
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
