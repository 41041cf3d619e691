"""The Ray jobs that use the backend, which ends with the last of them.

    driver, actor --job id--> coordinator --> Ray's key-value store --> the coordinator's successor
    Ray's tables of jobs and actors --> are_gone()

A job uses the backend from its first registration until its driver has ended and none of its
detached actors is left: actors of other kinds end with their driver.
"""

from __future__ import annotations

import json
from typing import Any

from ray_ascend import ray_internals
from ray_ascend.store.actor_names import COORDINATOR, NAMESPACE, supervisor_name

_KV_NAMESPACE = NAMESPACE.encode()
_OWN = (COORDINATOR, supervisor_name(""))


class Users:
    """Asked and told by the coordinator only, from any of its threads; each call asks the GCS."""

    def __init__(self, cluster: str) -> None:
        self._key = f"users-{cluster}".encode()
        noted = ray_internals.read_key(self._key, _KV_NAMESPACE)
        self._jobs: set[str] = set(json.loads(noted)) if noted else set()
        self._survivor = ""

    def __contains__(self, job_id: str) -> bool:
        return job_id in self._jobs

    def add(self, job_id: str) -> None:
        """Take note of a job, for a coordinator that Ray starts again too."""
        self._jobs.add(job_id)
        noted = json.dumps(sorted(self._jobs)).encode()
        ray_internals.write_key(self._key, noted, _KV_NAMESPACE)

    def forget(self) -> None:
        """Leave nothing in Ray's store."""
        self._jobs.clear()
        ray_internals.delete_key(self._key, _KV_NAMESPACE)

    def are_gone(self) -> bool:
        """Tell whether there were users and none is left."""
        if not self._jobs or any(
            self._uses(job) and not job["IsDead"] for job in ray_internals.jobs()
        ):
            return False
        return not self._has_survivor()

    def _has_survivor(self) -> bool:
        """Tell whether an actor outlives its driver, looking first at the one that was found last.

        The table has all actors of the cluster, dead ones too, and this is asked every second.
        """
        if self._survivor:
            row = ray_internals.actor(self._survivor)
            if row is not None and _outlives(row):
                return True
        found = (row for row in ray_internals.actors() if self._uses(row) and _outlives(row))
        self._survivor = next((str(row["ActorID"]) for row in found), "")
        return self._survivor != ""

    def _uses(self, row: dict[str, Any]) -> bool:
        return row["JobID"] in self._jobs


def _outlives(actor: dict[str, Any]) -> bool:
    """Tell whether an actor lives on without its driver and is none of the backend itself."""
    own = str(actor["Name"]).startswith(_OWN)
    return bool(actor["IsDetached"]) and actor["State"] != "DEAD" and not own
