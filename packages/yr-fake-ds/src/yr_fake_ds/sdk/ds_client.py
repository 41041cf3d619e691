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
        common: list[Any] = [
            host,
            port,
            connect_timeout_ms,
            token,
            client_public_key,
            client_private_key,
            server_public_key,
            access_key,
            secret_key,
            tenant_id,
        ]
        names = list(self.__init__.__annotations__)[: len(common)]  # type: ignore[misc]
        types = [str, int, int, *[str] * 7]
        rows: list[list[Any]] = [list(row) for row in zip(names, common, types, strict=True)]
        rows.append(["enable_cross_node_connection", enable_cross_node_connection, bool])
        rows.append(["req_timeout_ms", req_timeout_ms, int])
        Validator.check_args_types(rows)
        self._kv_client = KVClient(
            *common, enable_cross_node_connection, req_timeout_ms, enable_exclusive_connection
        )
        self._hetero_client = HeteroClient(
            *common, enable_cross_node_connection, req_timeout_ms, enable_exclusive_connection
        )
        self._object_client = ObjectClient(*common, req_timeout_ms, enable_exclusive_connection)

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
