"""FAULT-END: processes that have used the transport end, whatever became of their worker."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from yr_conformance.environment import HOST_TENSORS
from yr_conformance.faults import end_trials
from yr_conformance.faults.end_trials import GONE_S, End
from yr_conformance.transfer.clauses import MUST
from yr_conformance.transfer.clauses import clause as any_clause
from yr_conformance.waiting import PATIENCE_S

DESIGN = "design: a process that has used the transport ends when Ray wants it to"
NAMES = tuple(end.__name__.replace("_", " ") for end in end_trials.ENDS)


@pytest.fixture(scope="module")
def ends(request: pytest.FixtureRequest, process_home: str) -> dict[str, End]:
    """Every end once, in a driver of its own that is over when the first clause looks at it."""
    path = os.path.join(process_home, "end-trials")
    in_etcd = request.config.option.mode == "etcd"
    etcd = [request.getfixturevalue("etcd").address] if in_etcd else []
    done = subprocess.run(
        [sys.executable, "-m", end_trials.__name__, path, *etcd],
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE_S,
        check=False,
        env={**os.environ, **HOST_TENSORS},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    try:
        return end_trials.read_ends(path)
    finally:
        os.unlink(path)


@any_clause("FAULT-END-01", MUST, source=DESIGN, needs=("transfer-cpu",))
@pytest.mark.parametrize("name", NAMES)
def test_all_processes_end_with_their_driver(ends: dict[str, End], name: str) -> None:
    """In 10 s from a driver's last call, cleanup or not, no process is left of its session."""
    end = ends[name]

    assert not end.left, end
    assert end.took.keeps(GONE_S), end
