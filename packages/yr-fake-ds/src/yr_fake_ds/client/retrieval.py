"""Reading: references on values in the arena; shared by the KV and the object client."""

from collections.abc import Sequence

from yr_fake_ds.client import trace
from yr_fake_ds.client.allocation import Allocation
from yr_fake_ds.client.session import Session


def take(
    session: Session, keys: Sequence[str], wait_ms: int, *, latched: bool = False
) -> list[Allocation | None]:
    """Take a reference on each value, None for a missing one; waits as `Get` says.

    The value stays as it is until the allocation is dropped, whatever happens to the key.
    With `latched` it also excludes writers that take a latch. StatusError "Key not found" if all
    are missing. Called from any thread; blocks no other call.
    """
    from yr_fake_ds import protocol

    timeout_ms = max(session.request_timeout_ms, wait_ms)
    request = protocol.Get(
        keys=list(keys),
        wait_ms=wait_ms,
        timeout_ms=timeout_ms,
        latched=latched,
        trace_id=trace.current(),
    )
    link, got = session.ask_where(request, protocol.Got, timeout_ms=timeout_ms)
    return [
        None if slot is None else Allocation(key, slot.size, session, link, slot)
        for key, slot in zip(keys, got.slots, strict=True)
    ]
