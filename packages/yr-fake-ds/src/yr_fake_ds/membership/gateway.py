"""What the fake needs of etcd, over its JSON gateway: plain HTTP, as etcd 3.4 and later serve it.

Seven calls with small values do not justify a client library: the maintained ones bring gRPC or an
HTTP stack of their own, which would have to be installed wherever the fake is.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import threading
from collections.abc import Sequence
from typing import Any, Final

ANSWER_TIMEOUT_S: Final = 2.0


class EtcdLostError(ConnectionError):
    """No address answers, or what answers is no etcd."""


class Gateway:
    """One etcd, at one or several addresses; used from all threads of the worker.

    Every call raises EtcdLostError if no address answers in time. The address that answered last is
    asked first.
    """

    def __init__(self, addresses: Sequence[str], timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        self._addresses = list(addresses)
        self._timeout_s = timeout_s
        self._lock = threading.Lock()

    def get(self, key: str) -> str | None:
        """Return a value, None if there is none."""
        found = self._call("kv/range", {"key": _encoded(key)}).get("kvs", [])
        return _decoded(found[0]["value"]) if found else None

    def values(self, prefix: str) -> list[str]:
        """Return the values of all keys that begin so."""
        end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        body = {"key": _encoded(prefix), "range_end": _encoded(end)}
        return [_decoded(found["value"]) for found in self._call("kv/range", body).get("kvs", [])]

    def put(self, key: str, value: str, lease: str) -> None:
        """Store a value that goes with its lease."""
        self._call("kv/put", {"key": _encoded(key), "value": _encoded(value), "lease": lease})

    def replace(self, key: str, old: str | None, new: str, lease: str) -> bool:
        """Store a value if there is still the old one (None: there is none); tell whether."""
        target: dict[str, str] = {"key": _encoded(key), "result": "EQUAL"}
        if old is None:
            target |= {"target": "CREATE", "create_revision": "0"}
        else:
            target |= {"target": "VALUE", "value": _encoded(old)}
        put = {"key": _encoded(key), "value": _encoded(new), "lease": lease}
        body = {"compare": [target], "success": [{"request_put": put}]}
        return bool(self._call("kv/txn", body).get("succeeded", False))

    def grant(self, seconds: int) -> str:
        """Take a lease, which ends after so many seconds without `keep`."""
        return str(self._call("lease/grant", {"TTL": seconds})["ID"])

    def keep(self, lease: str) -> bool:
        """Let a lease begin anew; False if it has ended."""
        result = self._call("lease/keepalive", {"ID": lease}).get("result", {})
        return int(result.get("TTL", 0)) > 0

    def revoke(self, lease: str) -> None:
        """End a lease and all that goes with it; nothing happens if it has ended."""
        self._call("lease/revoke", {"ID": lease}, accepted=(200, 404))

    def _call(
        self, call: str, body: dict[str, Any], accepted: Sequence[int] = (200,)
    ) -> dict[str, Any]:
        text = json.dumps(body)
        reasons = []
        for address in list(self._addresses):
            try:
                answer = self._ask(address, call, text, accepted)
            except (OSError, http.client.HTTPException, ValueError) as error:
                reasons.append(f"{address}: {error!r}")
                continue
            self._prefer(address)
            return answer
        raise EtcdLostError("; ".join(reasons))

    def _ask(self, address: str, call: str, text: str, accepted: Sequence[int]) -> dict[str, Any]:
        connection = http.client.HTTPConnection(address, timeout=self._timeout_s)
        with contextlib.closing(connection):
            connection.request("POST", f"/v3/{call}", text, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = json.loads(response.read())
        if response.status not in accepted or not isinstance(answer, dict):
            raise ValueError(f"HTTP status {response.status}: {answer}")
        return answer

    def _prefer(self, address: str) -> None:
        with self._lock:
            self._addresses.remove(address)
            self._addresses.insert(0, address)


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode()
