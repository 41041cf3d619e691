"""What is counted and not timed: transfers between NPUs, on the emulator."""

from __future__ import annotations

import json
import pathlib
import subprocess
from typing import Final

from bench import stages
from bench.results import Results
from bench.tables import NO_FIGURE, Table

NPU_TO_NPU: Final = "NPU to NPU, emulated"
_SUBJECT: Final = "yr-released"
_PATIENCE_S: Final = 300.0


def take(python: str, results: Results, logs: pathlib.Path) -> None:
    """Count in processes of their own; the reason goes into the results where that fails."""
    environment = stages.environment("released", python)
    # torch loads torch_npu by itself, where it may.
    del environment["TORCH_DEVICE_BACKEND_AUTOLOAD"]
    command = ["yr-fake-cann", "run", "--npus", "2", "--", python, "-W", "ignore"]
    try:
        done = subprocess.run(
            [*command, "-m", "bench.npu_counts"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = str(getattr(error, "stderr", None) or "")
        (logs / "npu-counts.log").write_text(said, encoding="utf-8")
        last = said.strip().splitlines()[-1:] or [""]
        results.reasons[NPU_TO_NPU][_SUBJECT] = f"{type(error).__name__} {last[0]}"[:300]
    else:
        results.counts = json.loads(done.stdout.splitlines()[-1])


def table(results: Results) -> Table:
    """Give a row for each call, and a column for each size; or why there are none."""
    names = sorted({name for row in results.counts.values() for name in row})
    rows = [[name, *(_cell(row.get(name)) for row in results.counts.values())] for name in names]
    reason = results.reason(NPU_TO_NPU, _SUBJECT)
    notes = [f"nothing could be counted: {reason}"] if reason else []
    return Table(f"{NPU_TO_NPU} (counted, a transfer)", ["", *results.counts], rows, notes)


def _cell(value: float | None) -> str:
    return NO_FIGURE if value is None else f"{value:,.0f}"
