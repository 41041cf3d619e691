"""Whether one datasystem worker answers; runs in a child process on the worker's own node.

Health is asked of the worker; that a key which cannot exist is not there, of the metadata's place,
of which the health check says nothing (measured on openyuanrong-datasystem 0.8.1).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from ray_ascend.doctor.finding import Finding
from ray_ascend.store.client import CONNECT_TIMEOUT_MS, REQUEST_TIMEOUT_MS
from ray_ascend.store.sdk import sdk_module

NAME = "worker"


def probe(host: str, port: str) -> Iterator[Finding]:
    """Connect a client and ask; gives one finding."""
    client = sdk_module().KVClient(
        host,
        int(port),
        connect_timeout_ms=CONNECT_TIMEOUT_MS,
        req_timeout_ms=REQUEST_TIMEOUT_MS,
    )
    try:
        client.init()
        status = client.health_check()
        if status.is_error():
            yield Finding(NAME, "error", f"is not healthy: {status.to_string()}")
            return
    except RuntimeError as error:
        yield Finding(NAME, "error", f"does not answer: {error}")
        return
    try:
        client.exist([f"ray-ascend-doctor-{uuid.uuid4()}"])
    except RuntimeError as error:
        text = f"answers, but its metadata's place does not: {error}"
        yield Finding(NAME, "error", text, "look at etcd, or at the worker of the metadata's node")
        return
    yield Finding(NAME, "ok", "answers")
