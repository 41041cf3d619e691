"""Latches on a buffer: at the worker for a slot of the arena, local for local memory."""

from yr_fake_ds import texts
from yr_fake_ds.client import trace
from yr_fake_ds.client.allocation import Allocation
from yr_fake_ds.client.keys import refuse
from yr_fake_ds.errors import StatusError


def latch(allocation: Allocation, *, exclusive: bool, timeout_s: int) -> None:
    """Take a latch, waiting at most `timeout_s`; StatusError "futex wait timeout" if it is taken.

    Nobody writes what this client has sealed, nor visits shared memory whose publish was refused.
    Called by the SDK's buffer objects from any thread.
    """
    _refuse_closed(allocation)
    if allocation.refused and allocation.slot_id is not None:
        raise refuse(texts.LATCH_UNPUBLISHED)
    if exclusive and allocation.sealed:
        raise refuse(texts.LATCH_SEALED)
    try:
        _latch(allocation, exclusive, timeout_s)
    except StatusError as error:
        if error.status != texts.LATCH_TIMEOUT.status:
            raise
        raise StatusError(error.status, error.message + texts.LATCH_SUFFIX) from None
    allocation.latched.note(exclusive=exclusive)


def unlatch(allocation: Allocation, *, exclusive: bool) -> None:
    """Give a latch back; nothing happens if this buffer has none."""
    _refuse_closed(allocation)
    if not allocation.latched.forget(exclusive=exclusive):
        return
    if allocation.slot_id is None:
        allocation.latch.release(exclusive=exclusive)
        return
    from yr_fake_ds import protocol

    request = protocol.Unlatch(
        slot_id=allocation.slot_id, exclusive=exclusive, trace_id=trace.current()
    )
    allocation.session.ask_about(allocation.link, request, protocol.Done)


def _refuse_closed(allocation: Allocation) -> None:
    if allocation.session.closed:
        raise refuse(texts.CLIENT_DESTROYED)


def _latch(allocation: Allocation, exclusive: bool, timeout_s: int) -> None:
    if allocation.slot_id is None:
        if not allocation.latch.acquire(exclusive=exclusive, timeout_s=timeout_s):
            raise refuse(texts.LATCH_TIMEOUT)
        return
    from yr_fake_ds import protocol

    request = protocol.Latch(
        slot_id=allocation.slot_id,
        exclusive=exclusive,
        timeout_ms=timeout_s * 1000,
        trace_id=trace.current(),
    )
    allocation.session.ask_about(
        allocation.link, request, protocol.Done, timeout_ms=timeout_s * 1000
    )
