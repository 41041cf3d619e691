"""`ReadOnlyBuffer`: a value of `get_read_only_buffers`, or a part of one from `read`."""

from yr_fake_ds import texts
from yr_fake_ds.sdk.identity import known_as
from yr_fake_ds.sdk.shared_buffers import StateValueBuffer
from yr_fake_ds.sdk.validator import Validator


@known_as("yr.datasystem.kv_client")
class ReadOnlyBuffer:
    """Read access to a value, latched on request; `yr.datasystem.kv_client.ReadOnlyBuffer`."""

    def __init__(self, state_val_buffer: StateValueBuffer) -> None:
        self._state_val_buffer = state_val_buffer

    def immutable_data(self, with_latch: bool = False, timeout_sec: int = 60) -> memoryview:
        """Return a read-only view; RuntimeError if the latch is wanted and not to be had."""
        Validator.check_args_types(
            [["with_latch", with_latch, bool], ["timeout_sec", timeout_sec, int]]
        )
        Validator.check_param_range("timeout_sec", timeout_sec, 1, Validator.INT32_MAX_SIZE)
        self._check_buffer()
        buffer = self._state_val_buffer.ImmutableData(with_latch, timeout_sec)
        if buffer is None:
            raise RuntimeError(texts.VIEW_NONE)
        return memoryview(buffer)

    def rlatch(self, timeout_sec: int = 60) -> None:
        """Take a read latch; RuntimeError after `timeout_sec` seconds."""
        Validator.check_args_types([["timeout_sec", timeout_sec, int]])
        Validator.check_param_range("timeout_sec", timeout_sec, 1, Validator.INT32_MAX_SIZE)
        self._check_buffer()
        status = self._state_val_buffer.RLatch(timeout_sec)
        if status.is_error():
            raise RuntimeError(status.to_string())

    def unrlatch(self) -> None:
        """Give the read latch back."""
        self._check_buffer()
        status = self._state_val_buffer.UnRLatch()
        if status.is_error():
            raise RuntimeError(status.to_string())

    def _check_buffer(self) -> None:
        if self._state_val_buffer is None:
            raise RuntimeError(texts.BUFFER_NONE)
        if not isinstance(self._state_val_buffer, StateValueBuffer):
            raise TypeError(texts.STATE_VALUE_BUFFER_TYPE)
