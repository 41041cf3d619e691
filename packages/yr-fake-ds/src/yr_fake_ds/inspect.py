"""For test authors: what a worker holds and has been asked, without disturbing it.

    from yr_fake_ds.inspect import inspect_worker

    state = inspect_worker("127.0.0.1:31501", journal=True)
    state.objects, state.held_references, state.clients, state.calls, state.journal

`leaked_keys` and the pytest fixture `yr_no_leaked_keys` (in `yr_fake_ds.pytest`) build on it. Call
from any process that reaches the worker; it takes no client slot.
"""

from typing import Final

from yr_fake_ds import protocol
from yr_fake_ds.addresses import split_address
from yr_fake_ds.client.connection import Reply, connect_tcp
from yr_fake_ds.errors import StatusError
from yr_fake_ds.protocol import Inspection, JournalEntry, ObjectState

__all__ = ["Inspection", "JournalEntry", "ObjectState", "inspect_worker", "leaked_keys"]

TIMEOUT_S: Final = 5.0


def inspect_worker(address: str, *, journal: bool = False) -> Inspection:
    """Ask the fake worker at ``host:port`` what it holds, and with `journal` what it has served.

    Raises OSError if no fake worker answers there; PermissionError if it does not serve this
    machine.
    """
    try:
        return ask_worker(address, protocol.Inspect(journal=journal), protocol.Inspection)
    except StatusError as error:
        raise PermissionError(error.message) from error


def ask_worker(address: str, request: protocol.Request, kind: type[Reply]) -> Reply:
    """Ask one question outside of a client's session; StatusError if the worker refuses it."""
    connection = connect_tcp(*split_address(address), TIMEOUT_S)
    try:
        return connection.ask(request, kind, TIMEOUT_S)
    finally:
        connection.close()


def leaked_keys(before: Inspection, after: Inspection) -> list[str]:
    """Return the keys of objects in `after` that `before` did not have, replicas left out."""
    known = {state.key for state in before.objects}
    return sorted(
        state.key for state in after.objects if state.key not in known and not state.replica
    )
