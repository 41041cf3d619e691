"""Questions to an etcd of ours over its JSON gateway, beyond `/health` and `/version`."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import ssl
from collections.abc import Mapping
from typing import Any, Final

_ANSWER_TIMEOUT_S: Final = 10.0


def ask(
    address: str,
    call: str,
    body: Mapping[str, Any],
    token: str = "",
    context: ssl.SSLContext | None = None,
) -> dict[str, Any]:
    """Make one call; AssertionError with the answer if it is refused."""
    connection = (
        http.client.HTTPSConnection(address, timeout=_ANSWER_TIMEOUT_S, context=context)
        if context
        else http.client.HTTPConnection(address, timeout=_ANSWER_TIMEOUT_S)
    )
    with contextlib.closing(connection):
        headers = {"Authorization": token} if token else {}
        connection.request("POST", f"/v3/{call}", json.dumps(body), headers)
        response = connection.getresponse()
        answer: dict[str, Any] = json.loads(response.read())
    assert response.status == http.client.OK, f"{call} at {address}: {answer}"
    return answer


def keys_below(
    address: str, prefix: str, token: str = "", context: ssl.SSLContext | None = None
) -> list[str]:
    """List the keys that begin so."""
    end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    body = {"key": encoded(prefix), "range_end": encoded(end), "keys_only": True}
    found = ask(address, "kv/range", body, token, context).get("kvs", [])
    return [base64.b64decode(row["key"]).decode() for row in found]


def encoded(text: str) -> str:
    """Write a key or value as the gateway takes it."""
    return base64.b64encode(text.encode()).decode()
