"""`ObjectClient`: objects with cluster-wide reference counts, sealing and latches."""

from functools import partial
from typing import Any, Final

from yr_fake_ds import texts
from yr_fake_ds.client.allocation import Allocation
from yr_fake_ds.client.kv_calls import KvCalls
from yr_fake_ds.client.object_calls import ObjectCalls
from yr_fake_ds.client.session import close_with
from yr_fake_ds.errors import StatusError
from yr_fake_ds.sdk.binding_arguments import (
    BOOL,
    BUFFER,
    INT32,
    PREFIX,
    TEXT,
    TEXTS,
    UINT32,
    UINT64,
    Signature,
    as_text,
    instance_of,
)
from yr_fake_ds.sdk.binding_enums import ConsistencyType as BindingConsistencyType
from yr_fake_ds.sdk.calls import sdk_call
from yr_fake_ds.sdk.client_arguments import check_types, given, session_of
from yr_fake_ds.sdk.enums import ConsistencyType
from yr_fake_ds.sdk.identity import known_as
from yr_fake_ds.sdk.object_buffer import Buffer
from yr_fake_ds.sdk.validator import Validator

_CONSISTENCY: Final = instance_of(f"{PREFIX}ConsistencyType", BindingConsistencyType)
_function = partial(Signature, owner="ObjectClient")
_KEYS_RESULT: Final = "Tuple[datasystem::Status, List[str]]"

INIT: Final = _function(
    "__init__", (TEXT, INT32, INT32, *[TEXT] * 7, INT32, BOOL), incompatible="constructor"
)
CREATE: Final = _function(
    "create", (TEXT, UINT64, _CONSISTENCY), f"Tuple[datasystem::Status, {PREFIX}Buffer]"
)
PUT: Final = _function("put", (TEXT, BUFFER, _CONSISTENCY, TEXTS))
GET: Final = _function("get", (TEXTS, UINT32), "Tuple[datasystem::Status, list]")
INCREASE: Final = _function("g_increase_ref", (TEXTS,), _KEYS_RESULT)
DECREASE: Final = _function("g_decrease_ref", (TEXTS,), _KEYS_RESULT)
QUERY: Final = _function("query_global_ref_num", (TEXT,), "int")
GENERATE: Final = _function("generate_object_id", (TEXT,), "Tuple[datasystem::Status, str]")


@known_as("yr.datasystem.object_client")
class ObjectClient:
    """A client of the worker at `host`:`port`; safe to use from many threads at once."""

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
        req_timeout_ms: int = 0,
        enable_exclusive_connection: bool = False,
    ) -> None:
        arguments = given(locals())
        check_types(arguments, "req_timeout_ms")
        INIT.check(None, *arguments.values())
        self.client = session_of(arguments)
        self._calls = ObjectCalls(self.client)
        close_with(self, self.client)

    @sdk_call
    def init(self) -> None:
        """Connect to the worker; RuntimeError after `connect_timeout_ms` if none answers."""
        self.client.open()

    @sdk_call
    def create(self, object_key: str, size: int, param: dict[str, Any] | None = None) -> Buffer:
        """Make a writable buffer of `size` bytes; its `publish` or `seal` makes it visible."""
        consistency = _consistency(param)
        Validator.check_args_types(
            [
                ["object_key", object_key, str],
                ["size", size, int],
                ["consistency_type", consistency, ConsistencyType],
            ]
        )
        CREATE.check(self, object_key, size, consistency.value)
        return _buffer(self._calls.create(object_key, size, int(consistency.value)))

    @sdk_call
    def put(
        self,
        object_key: str,
        value: memoryview | bytes | bytearray,
        param: dict[str, Any] | None = None,
        nested_object_keys: list[str] | None = None,
    ) -> None:
        """Store a copy of `value`; it keeps the objects of `nested_object_keys`."""
        consistency = _consistency(param)
        nested = [] if nested_object_keys is None else nested_object_keys
        Validator.check_args_types(
            [
                ["object_key", object_key, str],
                ["value", value, memoryview, bytes, bytearray],
                ["consistency_type", consistency, ConsistencyType],
                ["nested_object_keys", nested, list],
            ]
        )
        PUT.check(self, object_key, value, consistency.value, nested)
        self._calls.put(object_key, value, int(consistency.value), nested)

    @sdk_call
    def get(self, object_keys: list[str], timeout_ms: int) -> list[Buffer | None]:
        """Return the objects, None for what is missing; waits up to 0.9 * `timeout_ms`."""
        Validator.check_args_types(
            [["object_keys", object_keys, list], ["timeout_ms", timeout_ms, int]]
        )
        Validator.check_param_range("timeout_ms", timeout_ms, 0, Validator.INT32_MAX_SIZE)
        _refuse_empty(object_keys)
        GET.check(self, object_keys, timeout_ms)
        found = self._calls.get([as_text(key) for key in object_keys], timeout_ms)
        return [None if part is None else _buffer(part) for part in found]

    @sdk_call
    def g_increase_ref(self, object_keys: list[str]) -> list[str]:
        """Count one reference more for each key and return the keys that failed."""
        Validator.check_args_types([["object_keys", object_keys, list]])
        _refuse_empty(object_keys)
        INCREASE.check(self, object_keys)
        return self._calls.change_references([as_text(key) for key in object_keys], increase=True)

    @sdk_call
    def g_decrease_ref(self, object_keys: list[str]) -> list[str]:
        """Count one reference less; an object without any is deleted."""
        Validator.check_args_types([["object_keys", object_keys, list]])
        _refuse_empty(object_keys)
        DECREASE.check(self, object_keys)
        return self._calls.change_references([as_text(key) for key in object_keys], increase=False)

    @sdk_call
    def query_global_ref_num(self, object_key: str) -> int:
        """Return the cluster-wide number of references, -1 if that failed."""
        Validator.check_args_types([["object_key", object_key, str]])
        QUERY.check(self, object_key)
        try:
            return self._calls.query_references(object_key)
        except StatusError:
            return -1

    @sdk_call
    def generate_object_id(self, prefix: str = "") -> str:
        """Return a new key, ``<prefix or uuid>;<uuid of the worker>``."""
        Validator.check_args_types([["prefix", prefix, str]])
        GENERATE.check(self, prefix)
        return KvCalls(self.client).generate_key(prefix)


def _consistency(param: Any) -> Any:
    chosen = {"consistency_type": ConsistencyType.PRAM} if param is None else param
    Validator.check_args_types([["param", chosen, dict]])
    return Validator.check_key_exists(chosen, ["consistency_type"])[0]


def _buffer(allocation: Allocation) -> Buffer:
    buffer = Buffer()
    buffer._set_buffer(allocation)  # noqa: SLF001 - the SDK's name
    return buffer


def _refuse_empty(object_keys: list[str]) -> None:
    if not object_keys:
        raise RuntimeError(texts.OBJECT_KEYS_EMPTY)
