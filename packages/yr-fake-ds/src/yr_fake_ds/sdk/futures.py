"""`Future` of the asynchronous device calls, and the timeout of `dev_send` and `dev_recv`."""

from typing import Any, Protocol

from yr_fake_ds.sdk.status import BindingStatus


class FutureTimeoutException(Exception):  # noqa: N818 - the SDK's name
    """A `dev_send` or `dev_recv` has not ended within the time given to `Future.get`."""


class BindingFuture(Protocol):
    """What `Future` wraps: a status, or a status with the keys that failed."""

    def get(self, timeout_ms: int) -> BindingStatus | dict[str, Any]:
        """Wait at most `timeout_ms` and return the outcome."""
        ...


class CompletedFuture:
    """A future of the bindings whose outcome is known; made by calls that are done already."""

    def __init__(self, status: BindingStatus, failed_keys: list[str]) -> None:
        self._outcome = {"status": status, "failed_keys": failed_keys}

    def get(self, timeout_ms: int = 60000) -> dict[str, Any]:
        """Return the outcome at once."""
        return self._outcome


class Future:
    """The outcome of an asynchronous call; `yr.datasystem.Future`."""

    def __init__(self, origin_future: BindingFuture) -> None:
        self._future = origin_future

    def get(self, timeout_ms: int = 60000) -> list[str]:
        """Wait at most `timeout_ms` ms and return the failed keys; RuntimeError if it failed."""
        outcome = self._future.get(timeout_ms)
        failed_keys: list[str] = []
        if isinstance(outcome, dict):
            failed_keys, outcome = outcome["failed_keys"], outcome["status"]
        if outcome.is_error():
            raise RuntimeError(outcome.to_string())
        return failed_keys
