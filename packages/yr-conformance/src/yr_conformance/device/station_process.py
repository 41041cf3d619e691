"""A station's process, as the test process sees it."""

from __future__ import annotations

import contextlib
import multiprocessing
from typing import Any, Final

from yr_conformance.device.station import serve

START_S: Final = 60.0
ANSWER_S: Final = 100.0
END_S: Final = 20.0


class PendingError(Exception):
    """A future had not ended within the time that it was given."""


class StationProcess:
    """A process with one NPU and a client at the worker on `port`."""

    def __init__(self, port: int, npu: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, port, npu))
        self._process.start()
        theirs.close()
        self._await(START_S)

    def ask(self, name: str, *arguments: Any, **options: Any) -> Any:
        """Do something there and return its result, or raise its error.

        RuntimeError, TypeError and ValueError as they are, PendingError for a future's time-out.
        """
        self.begin(name, *arguments, **options)
        return self.answer()

    def begin(self, name: str, *arguments: Any, **options: Any) -> None:
        """Begin to do it and go on; `answer` must follow."""
        self._connection.send((name, arguments, options))

    def answer(self) -> Any:
        """Wait for the result of what began."""
        return self._await(ANSWER_S)

    def kill(self) -> None:
        """End it as a crash would, and wait until it is gone."""
        self._process.kill()
        self._process.join()

    def end(self) -> None:
        """Let it end, whatever it does."""
        with contextlib.suppress(OSError):
            self._connection.send(None)
        self._process.join(END_S)
        if self._process.is_alive():
            self.kill()
        self._connection.close()
        self._process.close()

    def _await(self, seconds: float) -> Any:
        assert self._connection.poll(seconds), f"no answer within {seconds} s"
        succeeded, *rest = self._connection.recv()
        if succeeded:
            return rest[0]
        kind, text = rest
        errors = {"TypeError": TypeError, "ValueError": ValueError, "RuntimeError": RuntimeError}
        if kind == "FutureTimeoutException":
            raise PendingError(text)
        raise errors.get(kind, AssertionError)(text)
