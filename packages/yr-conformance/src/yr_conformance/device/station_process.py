"""A station's process, as the test process sees it."""

from __future__ import annotations

import contextlib
import multiprocessing
from typing import Any, Final

from yr_conformance.device.questions import Questions
from yr_conformance.device.station import serve

END_S: Final = 20.0
"""After that it is killed; nothing is lost by it."""


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
        self._questions = Questions(self._connection)
        self.ask("is_ready")

    @property
    def is_free(self) -> bool:
        """Whether it lives and owes no answer: else others should not have to wait for it."""
        return self._process.is_alive() and not self._questions.is_owed

    def ask(self, name: str, *arguments: Any, **options: Any) -> Any:
        """Do something there and return its result, or raise its error.

        RuntimeError, TypeError and ValueError as they are, PendingError for a future's time-out.
        """
        self.begin(name, *arguments, **options)
        return self.answer()

    def begin(self, name: str, *arguments: Any, **options: Any) -> None:
        """Begin to do it and go on; `answer` must follow."""
        self._questions.ask(name, arguments, options)

    def answer(self) -> Any:
        """Wait for the result of what began last."""
        succeeded, *rest = self._questions.answer()
        if succeeded:
            return rest[0]
        kind, text = rest
        errors = {"TypeError": TypeError, "ValueError": ValueError, "RuntimeError": RuntimeError}
        if kind == "FutureTimeoutException":
            raise PendingError(text)
        raise errors.get(kind, AssertionError)(text)

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
