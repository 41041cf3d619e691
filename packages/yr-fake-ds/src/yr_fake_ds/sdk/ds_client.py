"""`DsClient`: a KV, a hetero and an object client of one worker."""

from yr_fake_ds.sdk.client_arguments import check_types, given
from yr_fake_ds.sdk.hetero_client import HeteroClient
from yr_fake_ds.sdk.identity import known_as
from yr_fake_ds.sdk.kv_client import KVClient
from yr_fake_ds.sdk.object_client import ObjectClient


@known_as("yr.datasystem.ds_client")
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
        arguments = given(locals())
        check_types(arguments, "enable_exclusive_connection")
        self._kv_client = KVClient(**arguments)
        self._hetero_client = HeteroClient(**arguments)
        del arguments["enable_cross_node_connection"]
        self._object_client = ObjectClient(**arguments)

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
