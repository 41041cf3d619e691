"""Tests that share what is costly stay together, and the longest groups begin first."""

import pytest
from conftest import Suite

from yr_conformance.distribution import group_of, seconds_of

CHAPTERS = "lib/yr_conformance/chapters"


@pytest.mark.parametrize(
    ("nodeid", "group"),
    [
        (f"{CHAPTERS}/xfer/test_get.py::test_it[cpu]", "transfers cpu"),
        (f"{CHAPTERS}/gc/test_release.py::test_it[npu-set-3]", "transfers npu"),
        (f"{CHAPTERS}/cost/test_calls.py::test_it[a-npu]", "transfers npu"),
        (f"{CHAPTERS}/xfer/test_get.py::test_it", "transfers cpu"),
        (f"{CHAPTERS}/hccl/test_groups.py::test_it[npu]", "transfers npu"),
        (f"{CHAPTERS}/mode/test_start.py::test_it", "mode"),
        (f"{CHAPTERS}/mode/test_modes.py::test_it[x]", "mode"),
        (f"{CHAPTERS}/kv/test_waits.py::test_it[cpus]", f"{CHAPTERS}/kv/test_waits.py"),
        (f"{CHAPTERS}/fault/test_a.py::test_it[npu]", f"{CHAPTERS}/fault/test_a.py npu"),
    ],
)
def test_groups(nodeid: str, group: str) -> None:
    """A group is what shares a cluster, or a file with its situation."""
    assert group_of(nodeid) == group


def test_costly_chapters_count_for_more() -> None:
    """A few tests of a costly chapter take longer than a few more of a cheap one."""
    costly = [f"{CHAPTERS}/fault/test_a.py::test_{number}" for number in range(3)]
    cheap = [f"{CHAPTERS}/kv/test_a.py::test_{number}" for number in range(10)]

    assert seconds_of(costly) > seconds_of(cheap) > 0
    assert seconds_of([f"{CHAPTERS}/dev/test_lost_senders.py::test_it"]) > seconds_of(costly)


SUITE = """
import pytest
from yr_conformance.clauses import MUST, clause

@clause("EX-{name}-01", MUST, source="here")
@pytest.mark.parametrize("number", range({count}))
def test_it(number, worker_id):
    "It notes where it runs."
    with open("{notes}", "a") as notes:
        notes.write(worker_id + " ")
"""


def test_a_group_runs_in_one_process(suite: Suite) -> None:
    """With several processes each group is run by one, and every test is run once."""
    counts = {"A": 3, "B": 12, "C": 5, "D": 4}
    for name, count in counts.items():
        notes = suite.pytester.path / name
        text = SUITE.format(name=name, count=count, notes=notes)
        suite.pytester.path.joinpath(f"test_{name.lower()}.py").write_text(text, encoding="utf-8")

    suite.run("-n", "2").assert_outcomes(passed=sum(counts.values()))

    for name, count in counts.items():
        ran_in = (suite.pytester.path / name).read_text(encoding="utf-8").split()
        assert len(ran_in) == count
        assert len(set(ran_in)) == 1
