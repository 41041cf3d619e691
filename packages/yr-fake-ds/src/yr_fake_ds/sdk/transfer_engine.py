"""`TransferEngine` and `Result`: named, so that imports work, and refused when used."""

from typing import Any

from yr_fake_ds.errors import NotSupportedError
from yr_fake_ds.sdk.binding_enums import BindingEnum
from yr_fake_ds.sdk.identity import known_as

REASON = "its peer-to-peer device transfers need an NPU and are not emulated"


@known_as("yr.datasystem._transfer_engine")
class TransferEngine:
    """Raises NotSupportedError when constructed."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        raise NotSupportedError("TransferEngine", REASON)


@known_as("yr.datasystem._transfer_engine")
class Result:
    """The outcome of a call of the TransferEngine; raises NotSupportedError when constructed."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        raise NotSupportedError("TransferEngine.Result", REASON)


@known_as("yr.datasystem._transfer_engine")
class ErrorCode(BindingEnum):
    """Codes of the TransferEngine, read off openyuanrong-datasystem 0.8.1."""

    kOk = 0  # noqa: N815 - the SDK's name
    kInvalid = 2  # noqa: N815 - the SDK's name
    kNotFound = 3  # noqa: N815 - the SDK's name
    kRuntimeError = 5  # noqa: N815 - the SDK's name
    kNotReady = 8  # noqa: N815 - the SDK's name
    kNotAuthorized = 9  # noqa: N815 - the SDK's name
    kNotSupported = 36  # noqa: N815 - the SDK's name
