"""`DsClient`: a KV, a hetero and an object client of one worker."""

from typing import Any

from yr_fake_ds.sdk.hetero_client import HeteroClient
from yr_fake_ds.sdk.kv_client import KVClient
from yr_fake_ds.sdk.object_client import ObjectClient
from yr_fake_ds.sdk.validator import Validator


class DsClient:
    """Holds three clients, each with its own place at the worker."""

    def __init__(
        self,
        host: str,
        port: int,
        connect_timeout_ms: int = 60000,
        token: str = "",
        client_public_key: str = "",
        client_private_key: str = "",
        server_public_key: str = "",
        access_key: str = "",
        secret_key: str = "",
        tenant_id: str = "",
        enable_cross_node_connection: bool = False,
        req_timeout_ms: int = 0,
        enable_exclusive_connection: bool = False,
    ) -> None:
        Validator.check_args_types(
            [
                ["host", host, str],
                ["port", port, int],
                ["connect_timeout_ms", connect_timeout_ms, int],
                ["token", token, str],
                ["client_public_key", client_public_key, str],
                ["client_private_key", client_private_key, str],
                ["server_public_key", server_public_key, str],
                ["access_key", access_key, str],
                ["secret_key", secret_key, str],
                ["tenant_id", tenant_id, str],
                ["enable_cross_node_connection", enable_cross_node_connection, bool],
                ["req_timeout_ms", req_timeout_ms, int],
            ]
        )
        common: dict[str, Any] = {
            "host": host,
            "port": port,
            "connect_timeout_ms": connect_timeout_ms,
            "token": token,
            "client_public_key": client_public_key,
            "client_private_key": client_private_key,
            "server_public_key": server_public_key,
            "access_key": access_key,
            "secret_key": secret_key,
            "tenant_id": tenant_id,
            "req_timeout_ms": req_timeout_ms,
            "enable_exclusive_connection": enable_exclusive_connection,
        }
        crossing: dict[str, Any] = {"enable_cross_node_connection": enable_cross_node_connection}
        self._kv_client = KVClient(**common, **crossing)
        self._hetero_client = HeteroClient(**common, **crossing)
        self._object_client = ObjectClient(**common)

    def init(self) -> None:
        """Connect all three; RuntimeError if the worker does not answer."""
        self._kv_client.init()
        self._hetero_client.init()
        self._object_client.init()

    def kv(self) -> KVClient:
        """Return the KV client."""
        return self._kv_client

    def hetero(self) -> HeteroClient:
        """Return the hetero client."""
        return self._hetero_client

    def object(self) -> ObjectClient:
        """Return the object client."""
        return self._object_client
