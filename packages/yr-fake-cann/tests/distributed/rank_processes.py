"""The ranks of a process group, each a process of its own."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import torch

PATIENCE: Final = 240


def saved_by_ranks(
    programs: Sequence[Sequence[str]], targets: Sequence[Path], environ: Mapping[str, str]
) -> list[Any]:
    """Run a Python program for each rank and return what each saved at its target.

    Raises AssertionError, with what the ranks wrote to stderr, unless all end well.
    """
    ranks = [
        subprocess.Popen([sys.executable, *program], env=environ, stderr=subprocess.PIPE, text=True)
        for program in programs
    ]
    try:
        ended = [(rank.communicate(timeout=PATIENCE)[1], rank.returncode) for rank in ranks]
    finally:
        for rank in ranks:
            rank.kill()
            rank.wait()
    failed = [errors for errors, code in ended if code]
    if failed:
        raise AssertionError("\n".join(failed))
    return [torch.load(target) for target in targets]
