"""`yr.datasystem._transfer_engine`, provided by yr-fake-ds."""

from yr_fake_ds.profile import active as _active_profile

if "TransferEngine" not in _active_profile().public_names:
    raise ModuleNotFoundError(f"No module named '{__name__}'", name=__name__)

from yr_fake_ds.sdk.transfer_engine import ErrorCode, Result, TransferEngine

kOk = ErrorCode.kOk  # noqa: N816 - the SDK's name
kInvalid = ErrorCode.kInvalid  # noqa: N816 - the SDK's name
kNotFound = ErrorCode.kNotFound  # noqa: N816 - the SDK's name
kRuntimeError = ErrorCode.kRuntimeError  # noqa: N816 - the SDK's name
kNotReady = ErrorCode.kNotReady  # noqa: N816 - the SDK's name
kNotAuthorized = ErrorCode.kNotAuthorized  # noqa: N816 - the SDK's name
kNotSupported = ErrorCode.kNotSupported  # noqa: N816 - the SDK's name

__all__ = [
    "ErrorCode",
    "Result",
    "TransferEngine",
    "kInvalid",
    "kNotAuthorized",
    "kNotFound",
    "kNotReady",
    "kNotSupported",
    "kOk",
    "kRuntimeError",
]
