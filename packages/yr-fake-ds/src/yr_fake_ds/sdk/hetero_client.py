"""`HeteroClient`: device memory, copied to host values or offered to other processes.

What touches device memory needs a CANN runtime in the process, such as yr-fake-cann; without one it
raises "No device manager available", as the real one does on a machine without an NPU.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from yr_fake_ds import texts
from yr_fake_ds.client.blobs import Blobs
from yr_fake_ds.client.device_calls import DeviceCalls
from yr_fake_ds.client.hetero_calls import HeteroCalls
from yr_fake_ds.client.session import close_with
from yr_fake_ds.client.subscriptions import subscribe
from yr_fake_ds.sdk import binding_blobs as bindings
from yr_fake_ds.sdk.binding_arguments import (
    BOOL,
    INT32,
    PREFIX,
    TEXT,
    TEXTS,
    UINT64,
    Signature,
    as_text,
    instance_of,
    list_of,
)
from yr_fake_ds.sdk.calls import sdk_call
from yr_fake_ds.sdk.client_arguments import check_types, given, session_of
from yr_fake_ds.sdk.device_blobs import MetaInfo
from yr_fake_ds.sdk.futures import BackgroundFuture, Future, KeyFuture
from yr_fake_ds.sdk.identity import known_as
from yr_fake_ds.sdk.newer_names import without_newer_methods
from yr_fake_ds.sdk.parameters import SetParam
from yr_fake_ds.sdk.validator import Validator

_BLOB_LISTS: Final = list_of(instance_of(f"{PREFIX}DeviceBlobList", bindings.DeviceBlobList))
_function = partial(Signature, owner="HeteroClient")
_KEYS_RESULT: Final = "Tuple[datasystem::Status, List[str]]"
INIT: Final = _function(
    "__init__",
    (TEXT, INT32, INT32, *[TEXT] * 7, BOOL, INT32, BOOL, BOOL),
    incompatible="constructor",
)


@known_as("yr.datasystem.hetero_client")
@without_newer_methods
class HeteroClient:
    """A client of the worker at `host`:`port`."""

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
        enable_remote_h2d: bool = False,
    ) -> None:
        arguments = given(locals())
        check_types(arguments, "req_timeout_ms")
        INIT.check(None, *arguments.values())
        self._session = session_of(arguments)
        self._calls = HeteroCalls(self._session)
        self._devices = DeviceCalls(self._session)
        close_with(self, self._session)

    @sdk_call
    def init(self) -> None:
        """Connect to the worker; RuntimeError after `connect_timeout_ms` if none answers."""
        self._session.open()

    @sdk_call
    def mget_h2d(
        self, keys: list[str], data_blob_list: list[Any], sub_timeout_ms: int
    ) -> list[str]:
        """Copy host values to device memory and return the missing keys; raises if all are.

        Waits `sub_timeout_ms` for them. Blobs must agree with the stored ones in number and size.
        """
        return self._mget_h2d(keys, data_blob_list, sub_timeout_ms)()

    @sdk_call
    def mset_d2h(
        self,
        keys: list[str],
        data_blob_list: list[Any],
        set_param: SetParam = SetParam(),  # noqa: B008 - the SDK's default
    ) -> None:
        """Copy device memory to host values; keys that exist silently keep theirs."""
        self._mset_d2h(keys, data_blob_list, set_param)()

    @sdk_call
    def async_mset_d2h(
        self,
        keys: list[str],
        data_blob_list: list[Any],
        set_param: SetParam = SetParam(),  # noqa: B008 - the SDK's default
    ) -> Future:
        """Do the same in the background; the outcome is in the future."""
        return Future(BackgroundFuture(self._mset_d2h(keys, data_blob_list, set_param)))

    @sdk_call
    def async_mget_h2d(
        self, keys: list[str], data_blob_list: list[Any], sub_timeout_ms: int
    ) -> Future:
        """Do the same in the background; the outcome is in the future."""
        return Future(BackgroundFuture(self._mget_h2d(keys, data_blob_list, sub_timeout_ms)))

    @sdk_call
    def delete(
        self,
        keys: list[str] = None,  # type: ignore[assignment]  # noqa: RUF013 - the SDK's default
    ) -> list[str]:
        """Delete host values and return the keys that failed; a missing key is a success."""
        return self._calls.delete(self._keys("delete", keys))

    @sdk_call
    def dev_publish(self, keys: list[str], data_blob_list: list[Any]) -> list[Future]:
        """Offer memory to one receiver a key; each future ends when its key was received.

        RuntimeError if a key is taken already; those before it are offered, those behind are not.
        """
        names, blobs = _blob_arguments("dev_publish", keys, data_blob_list)
        self._devices.send(names, blobs)
        return [Future(KeyFuture(name, partial(self._devices.was_taken, name))) for name in names]

    @sdk_call
    def dev_subscribe(self, keys: list[str], data_blob_list: list[Any]) -> list[Future]:
        """Receive memory that is offered now or later; each future ends when its key is here."""
        names, blobs = _blob_arguments("dev_subscribe", keys, data_blob_list)
        arrivals = subscribe(self._session, self._devices, names, blobs)
        return [
            Future(KeyFuture(name, arrival.wait))
            for name, arrival in zip(names, arrivals, strict=True)
        ]

    @sdk_call
    def dev_mset(self, keys: list[str], data_blob_list: list[Any]) -> list[str]:
        """Let others read memory and return the keys that were not taken; nothing is copied.

        The memory must stay as it is, and its process alive, until the key is deleted.
        """
        names, blobs = _blob_arguments("dev_mset", keys, data_blob_list)
        return self._devices.publish(names, blobs)

    @sdk_call
    def dev_mget(
        self, keys: list[str], data_blob_list: list[Any], sub_timeout_ms: int
    ) -> list[str]:
        """Copy what others hold and return the keys that failed; raises if all did.

        Waits `sub_timeout_ms` for missing keys. The memory becomes a source for others, so it too
        must stay as it is until `dev_local_delete`.
        """
        names, blobs = _blob_arguments("dev_mget", keys, data_blob_list, sub_timeout_ms)
        return self._devices.fetch(names, blobs, sub_timeout_ms)

    @sdk_call
    def dev_delete(
        self,
        keys: list[str] = None,  # type: ignore[assignment]  # noqa: RUF013 - the SDK's default
    ) -> list[str]:
        """Delete device objects and return the keys that failed; missing ones are a success."""
        return self._devices.remove(self._keys("dev_delete", keys), local=False)

    @sdk_call
    def async_dev_delete(
        self,
        keys: list[str] = None,  # type: ignore[assignment]  # noqa: RUF013 - the SDK's default
    ) -> Future:
        """Do the same; the outcome is in the future."""
        checked = self._keys("async_dev_delete", keys)
        return Future(BackgroundFuture(lambda: self._devices.remove(checked, local=False)))

    @sdk_call
    def dev_local_delete(self, keys: list[str]) -> list[str]:
        """Take this client's memory out of device objects; returns the keys that failed."""
        Validator.check_args_types([["keys", keys, list]])
        if not keys:
            raise RuntimeError(texts.HETERO_KEYS_EMPTY)
        return self._devices.remove(self._keys("dev_local_delete", keys), local=True)

    @sdk_call
    def generate_key(self, prefix: str = "") -> str:
        """Return a new key, ``<prefix or uuid>;<uuid of the worker>``."""
        Validator.check_args_types([["prefix", prefix, str]])
        return self._calls.generate_key(prefix)

    @sdk_call
    def exist(self, keys: list[str]) -> list[bool]:
        """Return, position by position, whether the keys exist as host values."""
        return self._calls.exist(self._keys("exist", keys))

    @sdk_call
    def get_meta_info(self, keys: list[str], is_dev_key: bool) -> tuple[list[str], list[MetaInfo]]:
        """Return the keys that failed, and the blob sizes of every key (none for a failed one)."""
        Validator.check_args_types([["keys", keys, list], ["is_dev_key", is_dev_key, bool]])
        names = self._keys("get_meta_info", keys)
        sizes = self._devices.sizes(names) if is_dev_key else self._calls.host_sizes(names)
        failed = [name for name, found in zip(names, sizes, strict=True) if found is None]
        return failed, [MetaInfo(found or []) for found in sizes]

    def _mset_d2h(
        self, keys: list[str], data_blob_list: list[Any], set_param: SetParam
    ) -> Callable[[], list[str]]:
        names, blobs = _blob_arguments("mset_d2h", keys, data_blob_list)
        options = (
            int(set_param.write_mode.value),
            set_param.ttl_second,
            int(set_param.existence.value),
        )

        def work() -> list[str]:
            self._calls.store_blobs(names, blobs, *options)
            return []

        return work

    def _mget_h2d(
        self, keys: list[str], data_blob_list: list[Any], sub_timeout_ms: int
    ) -> Callable[[], list[str]]:
        names, blobs = _blob_arguments("mget_h2d", keys, data_blob_list, sub_timeout_ms)
        return lambda: self._calls.load_blobs(names, blobs, sub_timeout_ms)

    @staticmethod
    def _keys(function: str, keys: list[str]) -> list[str]:
        Validator.check_args_types([["keys", keys, list]])
        _function(function, (TEXTS,), _KEYS_RESULT).check(None, keys)
        return [as_text(key) for key in keys]


def _blob_arguments(
    function: str, keys: list[str], data_blob_list: list[Any], *sub_timeout_ms: int
) -> tuple[list[str], list[Blobs]]:
    """Check the arguments as the real Python layer and then its bindings do, and convert them."""
    rows = [["sub_timeout_ms", timeout_ms, int] for timeout_ms in sub_timeout_ms]
    Validator.check_args_types(
        [["keys", keys, list], ["data_blob_list", data_blob_list, list], *rows]
    )
    if not keys or not data_blob_list:
        raise RuntimeError(texts.HETERO_ARGUMENTS_EMPTY)
    lists = bindings.binding_lists(data_blob_list)
    kinds = (TEXTS, _BLOB_LISTS, *[UINT64] * len(rows))
    _function(function, kinds, _KEYS_RESULT).check(None, keys, lists, *sub_timeout_ms)
    return [as_text(key) for key in keys], bindings.for_client(lists)
