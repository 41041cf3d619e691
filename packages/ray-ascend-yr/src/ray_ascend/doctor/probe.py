"""The program that a child process runs: `python -m ray_ascend.doctor.probe NAME [ARGUMENT...]`.

It writes one finding a line to stdout as soon as it is known; what libraries print goes to stderr.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import signal
import sys
from collections.abc import Callable, Iterator

from ray_ascend.doctor.finding import Finding, failed

_PR_SET_PDEATHSIG = 1
_HOMES = {
    "sdk": "ray_ascend.doctor.sdk_probe",
    "npu": "ray_ascend.doctor.npu_probe",
    "ray cluster": "ray_ascend.doctor.cluster_probe",
    "worker": "ray_ascend.doctor.worker_probe",
}


def main(name: str, arguments: list[str]) -> None:
    """Run the probe of that name; the process ends at once, whatever its libraries still do."""
    _end_with_the_doctor()
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as findings:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        try:
            probe: Callable[..., Iterator[Finding]] = importlib.import_module(_HOMES[name]).probe
            for finding in probe(*arguments):
                findings.write(finding.line() + "\n")
                findings.flush()
        except Exception as error:  # a check that fails is a finding
            findings.write(failed(name, error).line() + "\n")
    sys.stderr.flush()
    # The SDK's destructors wait for a dead worker for up to 32 s (openyuanrong-datasystem 0.8.1).
    os._exit(0)


def _end_with_the_doctor() -> None:
    """Be killed when whoever started this process ends: nobody else limits its time."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
