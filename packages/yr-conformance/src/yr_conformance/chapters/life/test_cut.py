"""LIFE-CUT: the network between two nodes fails and comes back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from yr_conformance.chapters.life.clauses import MUST, clause
from yr_conformance.faults.fixtures import Row
from yr_conformance.faults.trial import Trial
from yr_conformance.nodes.cable import FAR, NEAR, Cable, cabled_nodes, why_not
from yr_conformance.nodes.situation import Situation
from yr_conformance.settings.variables import Variables, in_metastore_mode
from yr_conformance.transfer.ray_session import FETCH_TIMEOUT_SECONDS

DESIGN = "design: a transfer that fails is an error within its time, and the next one works"
LIMIT_S = FETCH_TIMEOUT_SECONDS + 15.0
"""Ray's own time for a transfer, and what the transport adds for a worker that does not answer."""


@pytest.fixture(scope="module")
def cable(process_mark: str, process_home: str) -> Iterator[Cable]:
    """Two nodes whose network can be cut."""
    if reason := why_not():
        pytest.skip(f"no network between two nodes that could be cut: {reason}")
    with cabled_nodes(process_home) as made:
        yield made


@pytest.fixture(scope="module")
def trial(cable: Cable) -> Trial:
    """A cut while the near node receives what the far one has stored; nothing else can reach it.

    An etcd of this machine is in neither namespace, so the workers meet at a metastore.
    """
    situation = Situation(cable.cluster, cable.driver(settled()))
    situation.driver.ask("register")
    situation.transfers(NEAR, FAR)
    # The driver, too, knows its worker then, wherever the coordinator is.
    situation.driver.ask("get", NEAR)
    situation.driver.ask("put", "kept", FAR)
    trial = Trial("network between nodes cut")
    cable.pull()
    try:
        situation.tries(trial, "receive", LIMIT_S, "read", "kept", NEAR)
        situation.tries(trial, "transfer on one side", LIMIT_S, "get", NEAR)
    finally:
        cable.plug()
    trial.mended()
    trial.recover(lambda: situation.transfers_again(NEAR, FAR))
    return trial


def settled() -> Variables:
    """Ask for workers that are full members at once."""
    return in_metastore_mode("--add_node_wait_time_s 1")


@clause("LIFE-CUT-01", MUST, source=DESIGN)
def test_a_transfer_across_a_cut(trial: Trial, fault_row: Row) -> None:
    """A transfer across a cut is an error within its time, and works again when that is mended."""
    fault_row(trial)

    assert trial.seen[0].failed, trial.seen
    trial.check()


@clause("LIFE-CUT-02", MUST, source=DESIGN)
def test_a_transfer_on_one_side_of_a_cut(trial: Trial) -> None:
    """Actors of one node, on the side of the metadata, transfer while the other is cut off."""
    assert not trial.seen[1].failed, trial.seen
