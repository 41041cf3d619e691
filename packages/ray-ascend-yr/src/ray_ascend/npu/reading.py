"""One object on its way from another NPU into memory of this process."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field

from ray_ascend.npu.arrivals import Landing, are_late
from ray_ascend.npu.identity import npu_module
from ray_ascend.npu.published import blocks_of
from ray_ascend.npu.source import Inquiry
from ray_ascend.objects.metadata import NpuOrigin, YRTransportMetadata
from ray_ascend.objects.patience import Patience
from ray_ascend.store.connection import Connection
from ray_ascend.store.npu_client import Arrival

_POLL_MS = 100
_ASK_AFTER_S = 0.5
_SHARE_OF_PATIENCE = 1 / 3


@dataclass(frozen=True)
class Reading:
    """A copy that is under way, given up when nobody has it any more."""

    key: str
    origin: NpuOrigin
    index: int
    landing: Landing
    arrival: Arrival
    pid: int = field(default_factory=os.getpid)

    def __del__(self) -> None:
        if self.pid == os.getpid():
            self.give_up()

    @classmethod
    def begin(
        cls,
        connection: Connection,
        metadata: YRTransportMetadata,
        origin: NpuOrigin,
        landing: Landing,
    ) -> Reading:
        """Let the datasystem copy an object to the current NPU; raises a TransferError."""
        index, blocks = npu_module().current_device(), blocks_of(landing.tensors)
        arrival = connection.npu_client.subscribe(metadata.key, index, blocks)
        return cls(metadata.key, origin, index, landing, arrival)

    def finish(self, patience: Patience) -> Landing | None:
        """Wait for the end; None when it takes so long that another way should be tried.

        That is at once where an earlier copy is late: the client receives in one thread. Raises a
        TransferError: the copy's own, or because nobody wants it any more.
        """
        try:
            in_time = self.arrival.has_ended() or not are_late()
            return self.landing if in_time and _arrives(self, patience) else None
        finally:
            self.give_up()

    def give_up(self) -> None:
        """Keep the memory, if the copy has not ended, until it has."""
        self.landing.keep_until_ended(self.arrival)


def _arrives(reading: Reading, patience: Patience) -> bool:
    key, origin = reading.key, reading.origin
    ask_at, inquiry = time.monotonic() + _ASK_AFTER_S, None
    give_up_at = time.monotonic() + patience.seconds * _SHARE_OF_PATIENCE
    while not reading.arrival.wait(_POLL_MS):
        patience.check(key, f"NPU {origin.npu} of {origin.host}")
        # The datasystem waits for a key that was deleted, or whose process died, as for any other.
        if inquiry is not None:
            inquiry.check_and_repeat()
        elif time.monotonic() > ask_at:
            inquiry = Inquiry(origin, key)
        if time.monotonic() > give_up_at:
            return False
    return True
