"""`Buffer`: an object's memory, written in place, latched, published and sealed."""

from typing import Any

from yr_fake_ds import texts
from yr_fake_ds.client import latching, object_calls
from yr_fake_ds.client.allocation import Allocation
from yr_fake_ds.sdk.calls import sdk_call
from yr_fake_ds.sdk.identity import known_as
from yr_fake_ds.sdk.shared_buffers import ReadOnlyMemoryViewBuffer
from yr_fake_ds.sdk.validator import Validator


@known_as("yr.datasystem.object_client")
class Buffer:
    """What `ObjectClient.create` and `get` return; empty when constructed by hand."""

    def __init__(self) -> None:
        self._buffer: Allocation | None = None
        self._dev_buffer = None

    @sdk_call
    def wlatch(self, timeout_sec: int = 60) -> None:
        """Take the write latch; RuntimeError after `timeout_sec` seconds."""
        _check_latch_timeout(timeout_sec)
        latching.latch(self._check_buffer(), exclusive=True, timeout_s=timeout_sec)

    @sdk_call
    def unwlatch(self) -> None:
        """Give the write latch back."""
        latching.unlatch(self._check_buffer(), exclusive=True)

    @sdk_call
    def rlatch(self, timeout_sec: int = 60) -> None:
        """Take a read latch; RuntimeError after `timeout_sec` seconds."""
        _check_latch_timeout(timeout_sec)
        latching.latch(self._check_buffer(), exclusive=False, timeout_s=timeout_sec)

    @sdk_call
    def unrlatch(self) -> None:
        """Give a read latch back."""
        latching.unlatch(self._check_buffer(), exclusive=False)

    def mutable_data(self) -> memoryview:
        """Return a writable view."""
        return self._check_buffer().view()

    def immutable_data(self) -> memoryview:
        """Return a read-only view, which keeps the memory."""
        return memoryview(ReadOnlyMemoryViewBuffer(self._check_buffer()))

    @sdk_call
    def memory_copy(self, value: memoryview | bytes | bytearray) -> None:
        """Copy `value` to the beginning; RuntimeError if it is empty or too long."""
        Validator.check_args_types([["value", value, memoryview, bytes, bytearray]])
        object_calls.copy_into(self._check_buffer(), value)

    @sdk_call
    def publish(self, nested_object_keys: list[str] | None = None) -> None:
        """Make the object visible; it may be written and published again."""
        nested = _check_nested(nested_object_keys)
        object_calls.publish_buffer(self._check_buffer(), "put", nested)

    @sdk_call
    def seal(self, nested_object_keys: list[str] | None = None) -> None:
        """Make the object visible and final."""
        nested = _check_nested(nested_object_keys)
        object_calls.publish_buffer(self._check_buffer(), "seal", nested)

    @sdk_call
    def invalidate_buffer(self) -> None:
        """Drop the object's value at this host."""
        object_calls.invalidate(self._check_buffer())

    def get_size(self) -> int:
        """Return the size in bytes."""
        return self._check_buffer().size

    def _set_buffer(self, buffer: Allocation) -> None:
        self._buffer = buffer

    def _check_buffer(self) -> Allocation:
        if self._buffer is None:
            raise RuntimeError(texts.BUFFER_NONE)
        return self._buffer


def _check_latch_timeout(timeout_sec: int) -> None:
    Validator.check_args_types([["timeout_sec", timeout_sec, int]])
    Validator.check_param_range("timeout_sec", timeout_sec, 1, Validator.INT32_MAX_SIZE)


def _check_nested(keys: Any) -> list[str]:
    nested = [] if keys is None else keys
    Validator.check_args_types([["nested_object_keys", nested, list]])
    if not all(isinstance(key, str) for key in nested):
        raise TypeError(texts.NESTED_KEYS_TYPE)
    return list(nested)
