"""`TransferEngine`: reads of NPU memory that another process has registered, and their `Result`.

Names and parameters, misspelt ones too, are those of openyuanrong-datasystem 0.8.1.
"""

import weakref
from collections.abc import Callable
from typing import Any, Final, NoReturn

from yr_fake_ds.sdk.binding_enums import BindingEnum
from yr_fake_ds.sdk.identity import BindingObject, known_as
from yr_fake_ds.sdk.transfer_arguments import (
    MODULE,
    NUMBER,
    NUMBERS,
    TEXT,
    converted,
    refuse_arguments,
)
from yr_fake_ds.transfer.engine import Engine
from yr_fake_ds.transfer.regions import Range
from yr_fake_ds.transfer.texts import EngineError

_RESULT: Final = f"{MODULE}.Result"


@known_as(MODULE)
class ErrorCode(BindingEnum):
    """Codes of the TransferEngine."""

    kOk = 0  # noqa: N815 - the SDK's name
    kInvalid = 2  # noqa: N815 - the SDK's name
    kNotFound = 3  # noqa: N815 - the SDK's name
    kRuntimeError = 5  # noqa: N815 - the SDK's name
    kNotReady = 8  # noqa: N815 - the SDK's name
    kNotAuthorized = 9  # noqa: N815 - the SDK's name
    kNotSupported = 36  # noqa: N815 - the SDK's name


class _Unpicklable(BindingObject):
    __slots__ = ()

    def __reduce_ex__(self, _protocol: Any) -> NoReturn:
        raise TypeError(f"cannot pickle '{MODULE}.{type(self).__name__}' object")


@known_as(MODULE)
class Result(_Unpicklable):
    """The outcome of a call of the TransferEngine; one that the user makes is OK."""

    __slots__ = ("_code", "_message", "_place")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        refuse_arguments(type(self), args, kwargs)
        self._code = ErrorCode.kOk
        self._message = self._place = ""

    def __repr__(self) -> str:
        return f"Result({self.to_string()})"

    @converted("bool")
    def is_ok(self) -> bool:
        """Return whether the call succeeded."""
        return self._code is ErrorCode.kOk

    @converted("bool")
    def is_error(self) -> bool:
        """Return whether the call failed."""
        return self._code is not ErrorCode.kOk

    @converted(f"{MODULE}.ErrorCode")
    def get_code(self) -> ErrorCode:
        """Return why it failed, `kOk` if it did not."""
        return self._code

    @converted("str")
    def get_msg(self) -> str:
        """Return the message alone, empty if the call succeeded."""
        return self._message

    @converted("str")
    def to_string(self) -> str:
        """Return code, message, and where the real engine says so in its sources."""
        return f"code={self._code.value}, msg={self._message}{self._place}"


@known_as(MODULE)
class TransferEngine(_Unpicklable):
    """Reads memory of NPUs one-sidedly; every call but `get_rpc_port` returns a `Result`.

    No worker takes part, and no NPU is needed before the first read. Collected, it finalizes.
    """

    __slots__ = ("__weakref__", "_engine")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        refuse_arguments(type(self), args, kwargs)
        self._engine = Engine()
        # The end of the process closes everything; to wait there for peers would delay it.
        weakref.finalize(self, self._engine.collect).atexit = False

    @converted(_RESULT, TEXT, TEXT, TEXT)
    def initialize(self, local_hostname: str, protocol: str, device_name: str) -> Result:
        """Listen at ``host:port`` for peers that read memory of the NPU ``npu:<number>``.

        The protocol has no effect, as in the real one.
        """
        del protocol
        return _outcome(lambda: self._engine.initialize(local_hostname, device_name))

    @converted("int")
    def get_rpc_port(self) -> int:
        """Return the port of `initialize`, -1 before it and after `finalize`."""
        return self._engine.port

    @converted(_RESULT, NUMBER, NUMBER)
    def register_memory(self, buffer_addr_regisrterch: int, length: int) -> Result:
        """Let peers read memory of this process; `length` in bytes."""
        ranges = [Range(buffer_addr_regisrterch, length)]
        return _outcome(lambda: self._engine.register(ranges))

    @converted(_RESULT, NUMBERS, NUMBERS)
    def batch_register_memory(self, buffer_addrs: list[int], lengths: list[int]) -> Result:
        """Register several, in this order."""
        return _outcome(lambda: self._engine.register_all(buffer_addrs, lengths))

    @converted(_RESULT, NUMBER)
    def unregister_memory(self, buffer_addr_regisrterch: int) -> Result:
        """Take back what begins at an address; returns when no peer reads it any more."""
        return _outcome(lambda: self._engine.unregister([buffer_addr_regisrterch]))

    @converted(_RESULT, NUMBERS)
    def batch_unregister_memory(self, buffer_addrs: list[int]) -> Result:
        """Take several back, in this order until one fails."""
        return _outcome(lambda: self._engine.unregister(buffer_addrs))

    @converted(_RESULT, TEXT, NUMBER, NUMBER, NUMBER)
    def transfer_sync_read(
        self, target_hostname: str, buffer: int, peer_buffer_address: int, length: int
    ) -> Result:
        """Copy memory that the engine at ``host:port`` has registered to `buffer`."""
        lists = [buffer], [peer_buffer_address], [length]
        return _outcome(lambda: self._engine.read(target_hostname, *lists))

    @converted(_RESULT, TEXT, NUMBERS, NUMBERS, NUMBERS)
    def batch_transfer_sync_read(
        self,
        target_hostname: str,
        buffers: list[int],
        peer_buffer_addresses: list[int],
        lengths: list[int],
    ) -> Result:
        """Copy several, in this order until one is refused or fails."""
        lists = buffers, peer_buffer_addresses, lengths
        return _outcome(lambda: self._engine.read(target_hostname, *lists))

    @converted(_RESULT)
    def finalize(self) -> Result:
        """Wait for reads, close the port and end the threads; registered memory stays so."""
        return _outcome(self._engine.finalize)


def _outcome(call: Callable[[], None]) -> Result:
    result = Result()
    try:
        call()
    except EngineError as error:
        # Not arguments of the constructor, which takes none.
        result._code = ErrorCode(error.code)  # noqa: SLF001
        result._message, result._place = error.message, error.place  # noqa: SLF001
    return result
