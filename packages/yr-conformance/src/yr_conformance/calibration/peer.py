"""A second process of a question: a rank, or who shares memory."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, Final

from yr_conformance.calibration.cann import Cann
from yr_conformance.calibration.errors import UnpreparedError

PATIENCE_S: Final = 50.0
_END_WITH_PARENT: Final = 1
"""PR_SET_PDEATHSIG."""


@dataclass(frozen=True)
class Peer:
    """The other process, as the one that asks sees it."""

    process: int
    connection: Connection

    def told(self) -> Any:
        """Give what it sends next; UnpreparedError if it has failed or says nothing."""
        try:
            if not self.connection.poll(PATIENCE_S):
                raise UnpreparedError(f"the second process said nothing in {PATIENCE_S:g} s")
            value = self.connection.recv()
        except EOFError:
            raise UnpreparedError("the second process ended") from None
        if isinstance(value, UnpreparedError):
            raise value
        return value

    def kill(self) -> None:
        """End it as a crash would, and wait until it is gone."""
        with contextlib.suppress(ChildProcessError, ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)


@contextlib.contextmanager
def peer(body: Callable[[Cann, Connection], None]) -> Iterator[Peer]:
    """Fork a process that runs `body`; it is killed at the end of the block.

    Called before this process has loaded CANN, whose threads no fork would take along.
    """
    here, there = Pipe()
    process = os.fork()
    if process == 0:
        here.close()
        _run(body, there)
    there.close()
    made = Peer(process, here)
    try:
        yield made
    finally:
        made.kill()
        here.close()


def _run(body: Callable[[Cann, Connection], None], connection: Connection) -> None:
    ctypes.CDLL(None).prctl(_END_WITH_PARENT, signal.SIGKILL)
    try:
        body(Cann(), connection)
    except UnpreparedError as error:
        connection.send(error)
    except BaseException:
        # Whatever it is, this copy of the parent goes no further.
        traceback.print_exc()
    os._exit(0)
