"""`KVClient`: values under keys, by copy (`set`, `get`) or in shared memory (`mcreate` ...).

Each method checks what the SDK's Python layer checks, then what its bindings check, then leaves the
work to `client.kv_calls`. Signatures, orders and texts are those of openyuanrong-datasystem 0.8.1.
"""

from typing import Any, Final

from yr_fake_ds.client.kv_calls import KvCalls
from yr_fake_ds.client.session import close_with
from yr_fake_ds.errors import StatusError
from yr_fake_ds.profile import active
from yr_fake_ds.sdk import kv_signatures as signatures
from yr_fake_ds.sdk.binding_arguments import as_text
from yr_fake_ds.sdk.binding_blobs import ReadParam as BindingReadParam
from yr_fake_ds.sdk.calls import sdk_call
from yr_fake_ds.sdk.client_arguments import check_types, given, session_of
from yr_fake_ds.sdk.enums import ExistenceOpt, WriteMode
from yr_fake_ds.sdk.identity import known_as
from yr_fake_ds.sdk.parameters import ReadParam
from yr_fake_ds.sdk.read_only_buffer import ReadOnlyBuffer
from yr_fake_ds.sdk.shared_buffers import (
    ReadOnlyMemoryViewBuffer,
    StateValueBuffer,
    allocation_of,
)
from yr_fake_ds.sdk.status import BindingStatus
from yr_fake_ds.sdk.validator import Validator

DEFAULT_FAST_TRANSPORT_MEM_SIZE: Final = active().fast_transport_bytes
MAX_FAST_TRANSPORT_MEM_SIZE: Final = 2 * 1024 * 1024 * 1024
WRITE_MODES: Final = [WriteMode] * 5


@known_as("yr.datasystem.kv_client")
class KVClient:
    """A client of the worker at `host`:`port`; safe to use from many threads at once.

    `init` connects. The client closes when it is collected; its buffers must not outlive it.
    """

    def __init__(
        self,
        host: str = "",
        port: int = 0,
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
        fast_transport_mem_size: int = DEFAULT_FAST_TRANSPORT_MEM_SIZE,
    ) -> None:
        arguments = given(locals())
        check_types(arguments, "token", "req_timeout_ms")
        Validator.check_param_range(
            "connect_timeout_ms", connect_timeout_ms, 0, Validator.INT32_MAX_SIZE
        )
        Validator.check_param_range(
            "fast_transport_mem_size", fast_transport_mem_size, 1, MAX_FAST_TRANSPORT_MEM_SIZE
        )
        signatures.INIT.check(None, *arguments.values())
        self._session = session_of(arguments)
        self._calls = KvCalls(self._session)
        close_with(self, self._session)

    @sdk_call
    def init(self) -> None:
        """Connect to the worker; RuntimeError after `connect_timeout_ms` if none answers."""
        self._session.open()

    @sdk_call
    def set(
        self,
        key: str,
        val: memoryview | bytes | bytearray | str,
        write_mode: WriteMode = WriteMode.NONE_L2_CACHE,
        ttl_second: int = 0,
    ) -> None:
        """Store a copy of `val` under `key`, for `ttl_second` seconds or (0) until deleted."""
        Validator.check_args_types(
            [
                ["key", key, str],
                ["val", val, memoryview, bytes, bytearray, str],
                ["write_mode", write_mode, *WRITE_MODES],
                ["ttl_second", ttl_second, int],
            ]
        )
        value = val.encode() if isinstance(val, str) else val
        signatures.SET.check(self, key, value, write_mode.value, ttl_second)
        self._calls.set(key, value, int(write_mode.value), ttl_second)

    @sdk_call
    def set_value(
        self,
        val: memoryview | bytes | bytearray | str,
        write_mode: WriteMode = WriteMode.NONE_L2_CACHE,
        ttl_second: int = 0,
    ) -> str:
        """Store a copy of `val` under a new key and return the key; empty if that failed."""
        Validator.check_args_types(
            [
                ["val", val, memoryview, bytes, bytearray, str],
                ["write_mode", write_mode, *WRITE_MODES],
                ["ttl_second", ttl_second, int],
            ]
        )
        value = val.encode() if isinstance(val, str) else val
        signatures.SET_VALUE.check(self, value, write_mode.value, ttl_second)
        try:
            return self._calls.set_value(value, int(write_mode.value), ttl_second)
        except StatusError:
            return ""

    @sdk_call
    def mcreate(
        self,
        keys: list[str],
        sizes: list[int],
        write_mode: WriteMode = WriteMode.NONE_L2_CACHE,
        ttl_second: int = 0,
    ) -> list[StateValueBuffer]:
        """Make writable buffers of `sizes` bytes; `mset_buffer` publishes them."""
        Validator.check_args_types(
            [
                ["keys", keys, list],
                ["sizes", sizes, list],
                ["write_mode", write_mode, *WRITE_MODES],
                ["ttl_second", ttl_second, int],
            ]
        )
        signatures.MCREATE.check(self, keys, sizes, write_mode.value, ttl_second)
        allocations = self._calls.create(
            _texts(keys), [int(size) for size in sizes], int(write_mode.value), ttl_second
        )
        return [StateValueBuffer(allocation) for allocation in allocations]

    @sdk_call
    def mset_buffer(self, buffers: list[StateValueBuffer | None]) -> None:
        """Publish buffers of `mcreate` in one step; a key exists from here on."""
        Validator.check_args_types([["buffers", buffers, list]])
        signatures.MSET_BUFFER.check(self, buffers)
        self._calls.publish([allocation_of(buffer) for buffer in buffers if buffer is not None])

    @sdk_call
    def get_buffers(
        self, keys: list[str], timeout_ms: int = 0
    ) -> list[ReadOnlyMemoryViewBuffer | None]:
        """Return views of the values in shared memory, None for what is missing."""
        Validator.check_args_types([["keys", keys, list], ["timeout_ms", timeout_ms, int]])
        signatures.MGET_BUFFER.check(self, keys, timeout_ms)
        found = self._calls.get(_texts(keys), timeout_ms, latched=True)
        return [None if part is None else ReadOnlyMemoryViewBuffer(part) for part in found]

    @sdk_call
    def mset(
        self,
        keys: list[str],
        vals: list[Any],
        write_mode: WriteMode = WriteMode.NONE_L2_CACHE,
        ttl_second: int = 0,
        existence_opt: ExistenceOpt = ExistenceOpt.NONE,
    ) -> list[str]:
        """Store copies of `vals`; return the keys that failed, for instance repeated ones."""
        values = self._check_mset(keys, vals, write_mode, ttl_second, existence_opt)
        signatures.MSET.check(self, keys, values, write_mode.value, ttl_second, existence_opt.value)
        return self._calls.mset(
            _texts(keys), values, int(write_mode.value), ttl_second, int(existence_opt.value)
        )

    @sdk_call
    def msettx(
        self,
        keys: list[str],
        vals: list[Any],
        write_mode: WriteMode = WriteMode.NONE_L2_CACHE,
        ttl_second: int = 0,
        existence_opt: ExistenceOpt = ExistenceOpt.NONE,
    ) -> None:
        """Store all of up to 8 new keys or none; only `ExistenceOpt.NX` is supported."""
        values = self._check_mset(keys, vals, write_mode, ttl_second, existence_opt)
        signatures.MSET_TX.check(
            self, keys, values, write_mode.value, ttl_second, existence_opt.value
        )
        self._calls.msettx(
            _texts(keys), values, int(write_mode.value), ttl_second, int(existence_opt.value)
        )

    @sdk_call
    def get_read_only_buffers(
        self,
        keys: list[str] = None,  # type: ignore[assignment]  # noqa: RUF013 - the SDK's default
        timeout_ms: int = 0,
    ) -> list[ReadOnlyBuffer | None]:
        """Return the values as `ReadOnlyBuffer`, None for what is missing."""
        Validator.check_args_types([["keys", keys, list], ["timeout_ms", timeout_ms, int]])
        Validator.check_param_range("timeout_ms", timeout_ms, 0, Validator.INT32_MAX_SIZE)
        signatures.GET_READ_ONLY_BUFFERS.check(self, keys, timeout_ms)
        found = self._calls.get(_texts(keys), timeout_ms)
        return [None if part is None else ReadOnlyBuffer(StateValueBuffer(part)) for part in found]

    @sdk_call
    def get(
        self,
        keys: list[str] = None,  # type: ignore[assignment]  # noqa: RUF013 - the SDK's default
        convert_to_str: bool = False,
        sub_timeout_ms: int = 0,
    ) -> list[Any]:
        """Return copies of the values as bytes or text, None for what is missing."""
        Validator.check_args_types([["keys", keys, list], ["sub_timeout_ms", sub_timeout_ms, int]])
        Validator.check_param_range("sub_timeout_ms", sub_timeout_ms, 0, Validator.INT32_MAX_SIZE)
        signatures.GET.check(self, keys, sub_timeout_ms)
        values = self._calls.get_bytes(_texts(keys), sub_timeout_ms)
        if convert_to_str is False:
            return values
        return [value if value is None else value.decode() for value in values]

    @sdk_call
    def read(self, read_params: list[ReadParam]) -> list[ReadOnlyBuffer | None]:
        """Return private copies of parts of values, None for what is missing."""
        Validator.check_args_types([["read_params", read_params, list]])
        parts = [BindingReadParam.build(part.key, part.offset, part.size) for part in read_params]
        found = self._calls.read(
            [(part.get_key(), part.get_offset(), part.get_size()) for part in parts]
        )
        return [None if part is None else ReadOnlyBuffer(StateValueBuffer(part)) for part in found]

    @sdk_call
    def delete(
        self,
        keys: list[str] = None,  # type: ignore[assignment]  # noqa: RUF013 - the SDK's default
    ) -> list[str]:
        """Delete keys everywhere and return those that failed; a missing key is a success."""
        Validator.check_args_types([["keys", keys, list]])
        signatures.DEL.check(self, keys)
        return self._calls.delete(_texts(keys))

    @sdk_call
    def generate_key(self, prefix: str = "") -> str:
        """Return a new key, ``<prefix or uuid>;<uuid of the worker>``."""
        Validator.check_args_types([["prefix", prefix, str]])
        signatures.GENERATE_KEY.check(self, prefix)
        return self._calls.generate_key(prefix)

    @sdk_call
    def exist(self, keys: list[str]) -> list[bool]:
        """Return, position by position, whether the keys exist."""
        Validator.check_args_types([["keys", keys, list]])
        signatures.EXIST.check(self, keys)
        return self._calls.exist(_texts(keys))

    @sdk_call
    def expire(self, keys: list[str], ttl_second: int) -> list[str]:
        """Let keys live `ttl_second` more seconds; return the missing ones."""
        Validator.check_args_types([["keys", keys, list], ["ttl_second", ttl_second, int]])
        signatures.EXPIRE.check(self, keys, ttl_second)
        return self._calls.expire(_texts(keys), ttl_second)

    @sdk_call
    def health_check(self) -> BindingStatus:
        """Return the status of this client's worker; never raises."""
        try:
            self._calls.check_health()
        except StatusError as error:
            return BindingStatus(error.status, error.message)
        return BindingStatus()

    @staticmethod
    def _check_mset(
        keys: list[str],
        vals: list[Any],
        write_mode: WriteMode,
        ttl_second: int,
        existence_opt: ExistenceOpt,
    ) -> list[Any]:
        Validator.check_args_types(
            [
                ["keys", keys, list],
                ["vals", vals, list],
                ["write_mode", write_mode, *WRITE_MODES],
                ["ttl_second", ttl_second, int],
                ["existence_opt", existence_opt, ExistenceOpt, ExistenceOpt],
            ]
        )
        return [val.encode() if isinstance(val, str) else val for val in vals]


def _texts(keys: list[str]) -> list[str]:
    return [as_text(key) for key in keys]
