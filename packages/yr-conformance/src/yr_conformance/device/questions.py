"""Questions to another process and the answers that belong to them.

    test   (number, question) --pipe--> station
           (number, answer)   <--

An answer that comes when nobody waits for it any more is dropped: its number is not that of the
question that is waited for.
"""

from __future__ import annotations

import time
from multiprocessing.connection import Connection
from typing import Any

from yr_conformance.waiting import PATIENCE_S


class Questions:
    """One end of the pipe; the other end answers in the order of the questions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._asked = self._answered = 0

    @property
    def is_owed(self) -> bool:
        """Whether the last question has no answer yet."""
        return self._asked != self._answered

    def ask(self, *question: Any) -> None:
        """Put a question and go on."""
        self._asked += 1
        self._connection.send((self._asked, question))

    def answer(self, patience_s: float = PATIENCE_S) -> Any:
        """Wait for the answer to the last question; AssertionError if it does not come in time."""
        deadline = time.monotonic() + patience_s
        while self.is_owed:
            seconds = max(0.0, deadline - time.monotonic())
            assert self._connection.poll(seconds), f"no answer within {patience_s} s"
            self._answered, answer = self._connection.recv()
        return answer
