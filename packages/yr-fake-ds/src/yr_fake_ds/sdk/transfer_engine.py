"""`TransferEngine`, `Result`, `ErrorCode`: named, so that imports work, and refused when used."""

from typing import Any

from yr_fake_ds.errors import NotSupportedError

REASON = "its peer-to-peer device transfers need an NPU and are not emulated"


class TransferEngine:
    """Raises NotSupportedError when constructed."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        raise NotSupportedError("TransferEngine", REASON)


class Result:
    """The outcome of a call of the TransferEngine; raises NotSupportedError when constructed."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        raise NotSupportedError("TransferEngine.Result", REASON)


class ErrorCode:
    """Codes of the TransferEngine; raises NotSupportedError when constructed."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        raise NotSupportedError("TransferEngine.ErrorCode", REASON)
