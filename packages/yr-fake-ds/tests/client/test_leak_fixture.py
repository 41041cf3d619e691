"""The fixture that finds keys left behind, in a pytest process of its own."""

import os
import subprocess
import sys
from pathlib import Path

from worker_fixture import FakeWorker

LEAK = """
import pytest
import yr.datasystem

ADDRESS = "@ADDRESS@"

@pytest.fixture
def client():
    client = yr.datasystem.KVClient("127.0.0.1", int(ADDRESS.split(":")[1]), 3000)
    client.init()
    return client

def test_clean(yr_no_leaked_keys, client):
    yr_no_leaked_keys(ADDRESS)
    client.set("clean", b"1")
    client.delete(["clean"])

def test_leak(yr_no_leaked_keys, client):
    yr_no_leaked_keys(ADDRESS)
    client.set("leaked", b"1")
"""


def _pytest(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {key: value for key, value in os.environ.items() if "PYTEST" not in key}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "yr_fake_ds.pytest", "-c", os.devnull, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=directory,
        env=environ,
    )


def test_the_fixture_fails_a_test_that_leaks(tmp_path: Path, own_worker: FakeWorker) -> None:
    """A key left behind is an error of the test that made it, and of no other."""
    (tmp_path / "test_it.py").write_text(
        LEAK.replace("@ADDRESS@", own_worker.address), encoding="utf-8"
    )

    done = _pytest(tmp_path, "--yr-fake-ds", "-rA", str(tmp_path))

    assert "2 passed, 1 error" in done.stdout, done.stdout + done.stderr
    assert "ERROR test_it.py::test_leak" in done.stdout
    assert "'leaked'" in done.stdout
