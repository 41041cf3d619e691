"""What torch and its device backends print when they are imported: not the transport's doing."""

from __future__ import annotations

import functools
import re
import subprocess
import sys
from typing import Final

_STAMP: Final = re.compile(r"^\[([A-Z])\d{4} [\d:.]+ ")


def without_torch_noise(text: str, device: str = "cpu") -> str:
    """Return what a process printed, less what torch alone prints when it makes a tensor there."""
    noise = _lines_of_torch(device)
    kept = [line for line in text.splitlines() if _unstamped(line) not in noise]
    return "\n".join(kept).strip()


@functools.cache
def _lines_of_torch(device: str) -> frozenset[str]:
    program = f"import torch; torch.ones(1, device={device!r})"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return frozenset(_unstamped(line) for line in done.stderr.splitlines())


def _unstamped(line: str) -> str:
    return _STAMP.sub(r"[\1 ", line)
