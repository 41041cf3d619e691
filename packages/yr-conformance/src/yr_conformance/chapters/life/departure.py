"""The node that was first, and in metastore mode keeps the metadata, is lost with its driver.

node 1: second driver     node 2: first driver, metadata     node 3
                                  ^ raylet killed
"""

from __future__ import annotations

from yr_conformance.faults.trial import Trial
from yr_conformance.nodes.ray_cluster import RayCluster
from yr_conformance.nodes.record import Record
from yr_conformance.nodes.remains import left_after
from yr_conformance.nodes.situation import Situation
from yr_conformance.settings.variables import Variables


def depart(cluster: RayCluster, settings: Variables) -> Record:
    """Carry it out on three nodes; the rest of the backend ends with the second driver."""
    record, (one, first, other) = Record(), cluster.hosts[:3]
    driver = cluster.driver(first, settings)
    situation = Situation(cluster, cluster.driver(one, settings))
    driver.ask("register")
    situation.driver.ask("register")
    record.step("before", situation.transfers, one, first, other)
    trial = Trial("node with the metadata killed")
    record.step(trial.fault, situation.is_lost, trial, first, cluster.kill, one, other)
    record.step("after", situation.transfers, one, other)
    situation.driver.end()
    record.step("ended", left_after, cluster.backend.remains)
    return record
