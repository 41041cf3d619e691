"""What the fake needs of etcd, over its JSON gateway, which etcd 3.4 and later serve by HTTP(S).

Eight calls with small values do not justify a client library: the maintained ones bring gRPC or an
HTTP stack of their own, which would have to be installed wherever the fake is.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Sequence
from typing import Any, Final

from yr_fake_ds.membership.access import Access

ANSWER_TIMEOUT_S: Final = 2.0


class EtcdLostError(ConnectionError):
    """No address answers, or what answers is no etcd, or it does not let this worker in."""


class EtcdUnreachableError(EtcdLostError):
    """No address says anything: nobody listens, or is silent, or talks TLS on one side only."""


class _RefusedError(ValueError):
    """An answer that is no success."""

    def __init__(self, status: int, answer: object) -> None:
        super().__init__(f"HTTP status {status}: {answer}")
        self.status = status


class Gateway:
    """One etcd, at one or several addresses; used from all threads of the worker.

    Every call raises EtcdLostError if no address answers in time. The address that answered last is
    asked first.
    """

    def __init__(
        self,
        addresses: Sequence[str],
        timeout_s: float = ANSWER_TIMEOUT_S,
        access: Access = Access(),  # noqa: B008 - it cannot be changed
    ) -> None:
        self._addresses = list(addresses)
        self._access = access
        self._token = ""
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
        failures: dict[str, Exception] = {}
        for address in list(self._addresses):
            try:
                answer = self._ask_as_user(address, call, text, accepted)
            except (OSError, http.client.HTTPException, ValueError) as error:
                failures[address] = error
                continue
            self._prefer(address)
            return answer
        reasons = "; ".join(f"{address}: {error!r}" for address, error in failures.items())
        if any(isinstance(error, _RefusedError) for error in failures.values()):
            raise EtcdLostError(reasons)
        raise EtcdUnreachableError(reasons)

    def _ask_as_user(
        self, address: str, call: str, text: str, accepted: Sequence[int]
    ) -> dict[str, Any]:
        """Log in where that is asked for; once again when etcd has forgotten it."""
        if not self._access.logs_in:
            return self._ask(address, call, text, accepted)
        if self._token:
            try:
                return self._ask(address, call, text, accepted)
            except _RefusedError as error:
                if error.status != http.client.UNAUTHORIZED:
                    raise
        self._token = ""
        login = json.dumps({"name": self._access.user, "password": self._access.password})
        self._token = str(self._ask(address, "auth/authenticate", login, (200,))["token"])
        return self._ask(address, call, text, accepted)

    def _ask(self, address: str, call: str, text: str, accepted: Sequence[int]) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        if token := self._token:
            headers["Authorization"] = token
        with contextlib.closing(self._connect(address)) as connection:
            connection.request("POST", f"/v3/{call}", text, headers)
            response = connection.getresponse()
            answer = json.loads(response.read())
        if response.status not in accepted or not isinstance(answer, dict):
            raise _RefusedError(response.status, answer)
        return answer

    def _connect(self, address: str) -> http.client.HTTPConnection:
        host, _, port = address.rpartition(":")
        host = host.strip("[]")
        connection = http.client.HTTPConnection(address, timeout=self._timeout_s)
        connection.sock = socket.create_connection((host, int(port)), self._timeout_s)
        if self._access.context is None:
            return connection
        try:
            name = self._access.server_name or host
            connection.sock = self._access.context.wrap_socket(
                connection.sock, server_hostname=name
            )
        except OSError:
            connection.close()
            raise
        return connection

    def _prefer(self, address: str) -> None:
        with self._lock:
            self._addresses.remove(address)
            self._addresses.insert(0, address)


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode()
