"""What a backend leaves in an etcd, which belongs to somebody else.

When the last worker has left, its cluster's `master_address`, `ring/` and `health_check/` stay
(measured on openyuanrong-datasystem 0.8.1): three small keys for each backend that has ended.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import logging

from ray_ascend.backend.config import CLUSTER_NAME, BackendConfig

logger = logging.getLogger(__name__)

_TIMEOUT_S = 3.0


def remove_keys(config: BackendConfig, cluster: str) -> None:
    """Remove the keys of a backend that has ended; called by the coordinator, never raises.

    Not in metastore mode, and not those of a cluster that the user has named: others may be in it.
    An etcd that talks TLS only, or that is gone, keeps them.
    """
    if config.mode != "etcd" or CLUSTER_NAME in dict(config.worker_args):
        return
    if not any(_remove(member, f"/{cluster}-") for member in config.etcd_address.split(",")):
        logger.info("the keys of YR cluster %s could not be removed from etcd", cluster)


def _remove(member: str, prefix: str) -> bool:
    """Delete all keys with the prefix through etcd's JSON gateway (etcd 3.4 and newer)."""
    after = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    body = json.dumps({"key": _encoded(prefix), "range_end": _encoded(after)})
    connection = http.client.HTTPConnection(member, timeout=_TIMEOUT_S)
    with contextlib.closing(connection):
        try:
            connection.request("POST", "/v3/kv/deleterange", body)
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
