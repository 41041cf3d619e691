"""Memory that a buffer object of the SDK stands for: a slot of the arena, or local bytes.

    below the worker's threshold   local zeroed bytes, which travel with the publish
    from the threshold on          a slot in the arena, shared with the worker and all its clients

Views handed out as `MutableData` refer to the memory, not to the allocation: once the allocation is
dropped, its slot is given back and such a view shows other data, as with the real one (measured on
openyuanrong-datasystem 0.8.1).
"""

import ctypes
import weakref
from typing import TYPE_CHECKING, Final

from yr_fake_ds.client.local_latch import HeldLatches, LocalLatch

if TYPE_CHECKING:
    from yr_fake_ds.client.session import Session
    from yr_fake_ds.client.worker_link import WorkerLink
    from yr_fake_ds.protocol import Parameters, Slot

ALIGNMENT: Final = 64


class Allocation:
    """A key's memory at one worker link; made by the client's calls, dropped from any thread.

    `slot_id` is None for local memory. `session` is the one that made it, `link` the registration
    whose end makes the allocation worthless.
    """

    def __init__(
        self, key: str, size: int, session: "Session", link: "WorkerLink", slot: "Slot | None"
    ) -> None:
        self.key = key
        self.size = size
        self.session = session
        self.link = link
        self.slot_id = None if slot is None else slot.id
        self.parameters: Parameters | None = None if slot is None else slot.parameters
        self.sealed = slot is not None and slot.sealed
        self.refused = False
        """Whether its last publish was refused; nobody latches it until one is not."""
        self.latched = HeldLatches()
        if slot is None:
            self.latch = LocalLatch()
            self._local = _aligned_bytes(size)
        else:
            self._offset = slot.offset
            weakref.finalize(self, link.release, slot.id).atexit = False
            link.start_releasing()

    def view(self) -> memoryview:
        """Return a writable view that does not keep this allocation."""
        if self.slot_id is None:
            return self._local
        return self.link.arena.view(self._offset, self.size)

    def address(self) -> int:
        """Return where the memory is in this process."""
        if self.slot_id is None:
            return ctypes.addressof(ctypes.c_char.from_buffer(self._local))
        return self.link.arena.address(self._offset)


def _aligned_bytes(size: int) -> memoryview:
    memory = bytearray(size + ALIGNMENT)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    skip = -address % ALIGNMENT
    return memoryview(memory)[skip : skip + size]
