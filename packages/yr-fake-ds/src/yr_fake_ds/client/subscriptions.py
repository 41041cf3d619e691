"""`dev_recv`: keys that are received in the background as soon as somebody sends them.

caller's thread      takes its turn at the directory, so that earlier calls are served first
a daemon thread      waits, copies, waits ... until all keys have come or the client is closed
"""

import itertools
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from yr_fake_ds import device_texts
from yr_fake_ds.client import device_memory, trace
from yr_fake_ds.client.blobs import Blobs
from yr_fake_ds.client.device_calls import DeviceCalls, first_targets
from yr_fake_ds.client.session import Session
from yr_fake_ds.errors import StatusError

if TYPE_CHECKING:
    from yr_fake_ds.device_protocol import DeviceSource

WAIT_SLICE_MS: Final = 1000
"""So often the thread looks whether the client is still there."""

_numbers = itertools.count(1)


class Arrival:
    """One key that is to be received; set by the thread, waited for by any other."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self._error: StatusError | None = None

    def settle(self, error: StatusError | None) -> None:
        """Note that the key has come, or why it does not."""
        self._error = error
        self._done.set()

    def wait(self, timeout_ms: int) -> bool:
        """Return whether the key has come by then; StatusError if it does not come."""
        arrived = self._done.wait(timeout_ms / 1000)
        if self._error is not None:
            raise self._error
        return arrived


def subscribe(
    session: Session, calls: DeviceCalls, keys: list[str], blobs: Sequence[Blobs]
) -> list[Arrival]:
    """Do `dev_recv`: receive keys in the background, each when it comes. Raises StatusError."""
    calls.check(keys, blobs, device_texts.SEND_LENGTHS)
    return Subscription(session, calls, keys, blobs).arrivals


class Subscription:
    """The keys of one `dev_recv`; begins with its construction."""

    def __init__(
        self, session: Session, calls: DeviceCalls, keys: Sequence[str], blobs: Sequence[Blobs]
    ) -> None:
        self.arrivals = [Arrival() for _ in keys]
        self._session = session
        self._calls = calls
        self._targets = first_targets(keys, blobs)
        self._pending: dict[str, list[Arrival]] = {}
        for key, arrival in zip(keys, self.arrivals, strict=True):
            self._pending.setdefault(key, []).append(arrival)
        self._number = next(_numbers)
        found = calls.find(list(self._pending), 0, self._number)
        name = "yr-fake-ds-receive"
        threading.Thread(target=self._run, args=(found,), name=name, daemon=True).start()

    def _run(self, found: "dict[str, DeviceSource]") -> None:
        trace.begin_call()
        try:
            self._receive(found)
            while self._pending and not self._session.closed:
                self._receive(self._calls.find(list(self._pending), WAIT_SLICE_MS, self._number))
        except StatusError as error:
            self._settle(list(self._pending), dict.fromkeys(self._pending, error))

    def _receive(self, found: "dict[str, DeviceSource]") -> None:
        deadline = device_memory.transfer_deadline(0)
        errors = self._calls.receive(self._targets, found, deadline, self._number)
        self._settle(list(found), errors)

    def _settle(self, keys: Sequence[str], errors: dict[str, StatusError]) -> None:
        for key in keys:
            for arrival in self._pending.pop(key):
                arrival.settle(errors.get(key))
