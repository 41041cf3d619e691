"""What torch and its device backends print when they are imported: not the transport's doing."""

from __future__ import annotations

import functools
import re
import subprocess
import sys
from typing import Final

_STAMP: Final = re.compile(r"^\[([A-Z])\d{4} [\d:.]+ ")


def without_torch_noise(text: str) -> str:
    """Return what a process printed, less the lines that `import torch` alone prints here."""
    noise = _lines_of_torch()
    kept = [line for line in text.splitlines() if _unstamped(line) not in noise]
    return "\n".join(kept).strip()


@functools.cache
def _lines_of_torch() -> frozenset[str]:
    command = [sys.executable, "-c", "import torch"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return frozenset(_unstamped(line) for line in done.stderr.splitlines())


def _unstamped(line: str) -> str:
    return _STAMP.sub(r"[\1 ", line)
