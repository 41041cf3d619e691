"""The fake's `TransferEngine` answers what the real one does, as far as that needs no RDMA."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from yr_fake_ds import activation

STEPS = str(Path(__file__).with_name("transfer_steps.py"))
COUNT = 400


def answers(python: str, seed: int, environ: dict[str, str]) -> list[str]:
    """Take the steps of a seed and return what each answers."""
    done = subprocess.run(
        [python, STEPS, str(seed), str(COUNT)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=environ,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("seed", range(5))
def test_both_answer_alike(real_python: str, seed: int) -> None:
    """Codes, messages, places in the sources, and TypeErrors of the same steps."""
    base = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    real = answers(real_python, seed, base)
    fake = answers(sys.executable, seed, {**os.environ, **activation.variables(os.environ)})

    different = [pair for pair in enumerate(zip(real, fake, strict=True)) if len(set(pair[1])) > 1]

    assert different[:5] == []
    assert len(real) > COUNT
    assert len(set(real)) > 50
