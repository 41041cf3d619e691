"""Namespaces of the kernel, in which nodes and programs have a machine of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Final

NETWORK: Final = ("unshare", "--net")


def why_no_network(*programs: str) -> str:
    """Say why this user cannot have a network namespace and these programs, "" if there is none."""
    if missing := [program for program in (NETWORK[0], *programs) if shutil.which(program) is None]:
        return f"no {', '.join(missing)} on PATH"
    if os.geteuid():
        return "only root may make network namespaces"
    done = subprocess.run([*NETWORK, "true"], capture_output=True, text=True, check=False)
    return done.stderr.strip()
