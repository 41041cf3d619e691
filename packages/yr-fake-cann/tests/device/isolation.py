"""Runs a script in a fresh interpreter of the activated environment."""

import os
import subprocess
import sys
import tempfile

# Importing torch_npu takes seconds, much more on a busy machine.
PATIENCE_SECONDS = 300


def run_python(script: str, **variables: str) -> str:
    """Return what the script prints; raise AssertionError, with its errors, when it fails."""
    return finished_python(script, **variables).stdout


def finished_python(script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a script, in a folder of its own, to its end; AssertionError as in `run_python`."""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "script.py")
        with open(path, "w", encoding="utf-8") as file:
            file.write(script)
        finished = subprocess.run(
            [sys.executable, path],
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    if finished.returncode:
        raise AssertionError(f"exit code {finished.returncode}\n{finished.stdout}{finished.stderr}")
    return finished
