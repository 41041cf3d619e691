"""What an editor is told of `yr.datasystem` where yr-fake-ds is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import yr_fake_ds
from yr.datasystem import DsTensorClient, KVClient, TransferEngine, WriteMode
from yr.datasystem.hetero_client import HeteroClient
from yr.datasystem.kv_client import SetParam

client = KVClient("127.0.0.1", 31501, req_timeout_ms=2000)
reveal_type(client.delete)
reveal_type(client.mcreate(["key"], [5], WriteMode.NONE_L2_CACHE)[0])
reveal_type(DsTensorClient)
reveal_type(HeteroClient("127.0.0.1", 31501).exist)
with yr_fake_ds.worker() as worker:
    reveal_type(worker.kv_client())
reveal_type(TransferEngine().unregister_memory)
client.set("key", 5)
client.no_such_call()
"""
REVEALED = [
    "def (keys: list[str] =) -> list[str]",
    "yr_fake_ds.sdk.shared_buffers.StateValueBuffer",
    "def (host: str",
    "def (keys: list[str]) -> list[bool]",
    "yr_fake_ds.sdk.kv_client.KVClient",
    "def (buffer_addr_regisrterch: int) -> yr_fake_ds.sdk.transfer_engine.Result",
]
MISTAKES = [
    'Argument 2 to "set" of "KVClient" has incompatible type "int"',
    '"KVClient" has no attribute "no_such_call"',
]


def test_a_type_checker_knows_the_calls(tmp_path: Path) -> None:
    """It sees the signatures that the fake runs, and finds mistakes, without activation."""
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")

    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "program.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    notes = [line for line in done.stdout.splitlines() if "note: Revealed" in line]
    errors = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert len(notes) == len(REVEALED), done.stdout + done.stderr
    assert all(expected in note for expected, note in zip(REVEALED, notes, strict=True)), notes
    assert len(errors) == len(MISTAKES), done.stdout
    assert all(expected in error for expected, error in zip(MISTAKES, errors, strict=True)), errors
