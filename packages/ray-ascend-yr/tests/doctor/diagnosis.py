"""What one run of the doctor said: the tests' way to start it and to read it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

TIMEOUT_S = 120
NO_CLUSTER = "local"
"""For RAY_ADDRESS: other clusters of this machine are none of a test's business."""


@dataclass(frozen=True)
class Diagnosis:
    """Exit status, and the checks by name, of `python -m ray_ascend doctor --json`."""

    status: int
    document: dict[str, Any]

    def __getitem__(self, name: str) -> dict[str, Any]:
        """Give the one check of that name."""
        (check,) = (check for check in self.document["checks"] if check["name"] == name)
        return dict(check)

    def names(self, state: str) -> list[str]:
        """Name the checks in a state."""
        return [check["name"] for check in self.document["checks"] if check["state"] == state]


def run_doctor(
    *arguments: str, address: str = NO_CLUSTER, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the command with variables set in its environment."""
    return subprocess.run(
        [sys.executable, "-m", "ray_ascend", "doctor", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        env={**os.environ, "RAY_ADDRESS": address, **variables},
    )


def diagnose(address: str = NO_CLUSTER, **variables: str) -> Diagnosis:
    """Run the command with `--json`; it writes nothing else and no traceback."""
    done = run_doctor("--json", address=address, **variables)
    assert "Traceback" not in done.stderr
    return Diagnosis(done.returncode, json.loads(done.stdout))
