"""Buffers of the SDK's bindings: `StateValueBuffer` and `ReadOnlyMemoryViewBuffer`."""

from yr_fake_ds.client import latching, trace
from yr_fake_ds.client.allocation import Allocation
from yr_fake_ds.client.memory_exporter import MemoryExporter
from yr_fake_ds.errors import StatusError
from yr_fake_ds.sdk.binding_arguments import BOOL, PREFIX, UINT32, Signature
from yr_fake_ds.sdk.identity import BINDINGS, BindingObject, known_as
from yr_fake_ds.sdk.status import BindingStatus


@known_as(BINDINGS)
class ReadOnlyMemoryViewBuffer(BindingObject, MemoryExporter):
    """What `get_buffers` returns: read-only bytes through the buffer protocol, no ``len()``.

    Every view of it (memoryview, numpy, torch) keeps the value; the last one to go gives it back.
    """

    __slots__ = ()

    def __init__(self, allocation: Allocation) -> None:
        super().__init__(allocation.address(), allocation.size, allocation)

    def GetSize(self) -> int:  # noqa: N802 - the SDK's name
        """Return the size in bytes."""
        return self._size


@known_as(BINDINGS)
class StateValueBuffer(BindingObject):
    """What `mcreate` returns; not a buffer itself, `MutableData` is."""

    def __init__(self, allocation: Allocation) -> None:
        self._allocation = allocation

    def GetSize(self) -> int:  # noqa: N802 - the SDK's name
        """Return the size in bytes."""
        return self._allocation.size

    def MutableData(self) -> memoryview:  # noqa: N802 - the SDK's name
        """Return a writable view, which is void as soon as this object is dropped."""
        return self._allocation.view()

    def ImmutableData(  # noqa: N802 - the SDK's name
        self, with_latch: bool, timeout_sec: int, /
    ) -> ReadOnlyMemoryViewBuffer | None:
        """Return a read-only buffer; None if the read latch is wanted and not to be had."""
        IMMUTABLE_DATA.check(self, with_latch, timeout_sec)
        if with_latch and self.RLatch(timeout_sec).is_error():
            return None
        return ReadOnlyMemoryViewBuffer(self._allocation)

    def RLatch(self, timeout_sec: int, /) -> BindingStatus:  # noqa: N802 - the SDK's name
        """Take a read latch, waiting at most `timeout_sec`."""
        R_LATCH.check(self, timeout_sec)
        trace.begin_call()
        try:
            latching.latch(self._allocation, exclusive=False, timeout_s=timeout_sec)
        except StatusError as error:
            return BindingStatus(error.status, error.message)
        return BindingStatus()

    def UnRLatch(self) -> BindingStatus:  # noqa: N802 - the SDK's name
        """Give the read latch back."""
        trace.begin_call()
        try:
            latching.unlatch(self._allocation, exclusive=False)
        except StatusError as error:
            return BindingStatus(error.status, error.message)
        return BindingStatus()


IMMUTABLE_DATA = Signature(
    "ImmutableData", (BOOL, UINT32), f"{PREFIX}ReadOnlyMemoryViewBuffer", owner="StateValueBuffer"
)
R_LATCH = Signature("RLatch", (UINT32,), owner="StateValueBuffer")


def allocation_of(buffer: StateValueBuffer) -> Allocation:
    """Return the memory behind a buffer; the SDK has no such call."""
    return buffer._allocation  # noqa: SLF001
