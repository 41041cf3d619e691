"""Runs the command ``yr-fake-cann`` from an environment in which nothing is active."""

import os
import subprocess
import sys
from typing import Final

from yr_fake_cann import activation

SOURCES: Final = os.path.dirname(activation.PACKAGE_ROOT)
# Importing torch_npu or starting Ray takes seconds, much more on a busy machine.
PATIENCE_SECONDS: Final = 300
CHANGED: Final = (
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "ASCEND_RT_VISIBLE_DEVICES",
    "TORCH_DEVICE_BACKEND_AUTOLOAD",
)


def inactive(**changes: str) -> dict[str, str]:
    """Return this environment without any activation, with changes."""
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("YR_FAKE_CANN") or name == activation.LIBRARIES_VARIABLE
    }
    for name in CHANGED:
        environ.pop(name, None)
    return {**environ, "PYTHONPATH": SOURCES, **changes}


def command(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run ``yr-fake-cann ARGUMENTS`` to its end."""
    return finished([sys.executable, "-m", "yr_fake_cann", *arguments], inactive(**changes))


def python(script: str, *options: str, **changes: str) -> str:
    """Return the last line that a script prints on emulated NPUs."""
    done = command("run", *options, "--", sys.executable, "-c", script, **changes)
    if done.returncode:
        raise AssertionError(f"exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout.splitlines()[-1]


def finished(words: list[str], environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        words,
        env=environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
