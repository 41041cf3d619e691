"""What a backend leaves in an etcd, which belongs to somebody else.

When the last worker has left, its cluster's `master_address`, `ring/` and `health_check/` stay
(measured on openyuanrong-datasystem 0.8.1): three small keys for each backend that has ended.
"""

from __future__ import annotations

import base64
import http.client
import logging

from ray_ascend.backend.config import CLUSTER_NAME, BackendConfig
from ray_ascend.backend.etcd_access import EtcdAccess

logger = logging.getLogger(__name__)


def remove_keys(config: BackendConfig, cluster: str) -> None:
    """Remove the keys of a backend that has ended; called by the coordinator, never raises.

    Not in metastore mode, and not those of a cluster that the user has named: others may be in it.
    An etcd that is gone, or whose gateway takes neither user nor certificate, keeps them.
    """
    if config.mode != "etcd" or CLUSTER_NAME in dict(config.worker_args):
        return
    problem = "no member"
    try:
        access = EtcdAccess.of(config)
        for member in config.etcd_address.split(","):
            problem = _remove(access, member, f"/{cluster}-")
            if not problem:
                return
    except OSError as error:
        problem = str(error)
    logger.info("the keys of YR cluster %s could not be removed from etcd: %s", cluster, problem)


def _remove(access: EtcdAccess, member: str, prefix: str) -> str:
    """Delete all keys with the prefix; says why not, "" if it is done."""
    after = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    body = {"key": _encoded(prefix), "range_end": _encoded(after)}
    try:
        return access.post(member, "kv/deleterange", body).problem
    except (OSError, http.client.HTTPException) as error:
        return repr(error)


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
