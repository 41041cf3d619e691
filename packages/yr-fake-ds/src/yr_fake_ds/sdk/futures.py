"""`Future` of the asynchronous device calls, and the timeout of `dev_send` and `dev_recv`."""

import threading
from collections.abc import Callable
from typing import Any, Protocol

from yr_fake_ds import device_texts
from yr_fake_ds.client import trace
from yr_fake_ds.errors import StatusError
from yr_fake_ds.sdk.identity import BINDINGS, known_as
from yr_fake_ds.sdk.status import BindingStatus


@known_as(BINDINGS)
class FutureTimeoutException(Exception):  # noqa: N818 - the SDK's name
    """A `dev_send` or `dev_recv` has not ended within the time given to `Future.get`."""


class BindingFuture(Protocol):
    """What `Future` wraps: a status, or a status with the keys that failed."""

    def get(self, timeout_ms: int) -> BindingStatus | dict[str, Any]:
        """Wait at most `timeout_ms` and return the outcome."""
        ...


class BackgroundFuture:
    """A future of the bindings for a call that runs in a thread of its own.

    The thread is a daemon, so that a call which waits for a key does not keep the process.
    """

    def __init__(self, work: Callable[[], list[str]]) -> None:
        self._work = work
        self._done = threading.Event()
        self._outcome: dict[str, Any] = {}
        threading.Thread(target=self._run, name="yr-fake-ds-async", daemon=True).start()

    def get(self, timeout_ms: int = 60000) -> dict[str, Any]:
        """Return status and failed keys; RuntimeError if the call takes longer than that."""
        if not self._done.wait(timeout_ms / 1000):
            raise RuntimeError(device_texts.TASK_PENDING.format(timeout_ms=timeout_ms))
        return self._outcome

    def _run(self) -> None:
        trace.begin_call()
        self._outcome = outcome_of(self._work)
        self._done.set()


class KeyFuture:
    """A future of the bindings for one key of `dev_send` or `dev_recv`.

    `wait` takes milliseconds and returns whether the transfer is done; it raises StatusError if
    there will be none.
    """

    def __init__(self, key: str, wait: Callable[[int], bool]) -> None:
        self._key = key
        self._wait = wait

    def get(self, timeout_ms: int = 60000) -> BindingStatus:
        """Return the status; FutureTimeoutException if the transfer takes longer, then again."""
        trace_id = trace.begin_call()
        try:
            if self._wait(timeout_ms):
                self._wait = _is_done
                return BindingStatus()
        except StatusError as error:
            return BindingStatus(error.status, error.message)
        text = device_texts.FUTURE_PENDING
        raise FutureTimeoutException(text.message(trace_id, key=self._key, timeout_ms=timeout_ms))


@known_as("yr.datasystem.hetero_client")
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


def _is_done(_timeout_ms: int) -> bool:
    return True


def outcome_of(work: Callable[[], list[str]]) -> dict[str, Any]:
    """Do `work` and return its failed keys with a status, or the status of its error."""
    try:
        return {"status": BindingStatus(), "failed_keys": work()}
    except StatusError as error:
        return {"status": BindingStatus(error.status, error.message), "failed_keys": []}
