"""Writing: memory for values, and making them visible; shared by the KV and the object client."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from yr_fake_ds import texts
from yr_fake_ds.client import trace
from yr_fake_ds.client.allocation import Allocation
from yr_fake_ds.client.session import Session
from yr_fake_ds.errors import StatusError

if TYPE_CHECKING:
    from yr_fake_ds.client.worker_link import WorkerLink
    from yr_fake_ds.protocol import Item, Parameters, PublishCall


def allocate(
    session: Session,
    keys: Sequence[str],
    sizes: Sequence[int],
    parameters: "Parameters",
    *,
    unless_sealed: bool = False,
) -> list[Allocation]:
    """Make one allocation a key: local below the worker's threshold (in sum), else in its arena.

    Called from any thread; StatusError "Out of memory" after the request timeout, and for memory in
    the arena `unless_sealed` at once if an object of that key is sealed at the worker.
    """
    link = session.link()
    if sum(sizes) < link.shm_threshold:
        made = [
            Allocation(key, size, session, link, None)
            for key, size in zip(keys, sizes, strict=True)
        ]
    else:
        made = _allocate_slots(session, keys, sizes, parameters, unless_sealed=unless_sealed)
    for allocation in made:
        allocation.parameters = parameters
    return made


def store(
    session: Session,
    call: "PublishCall",
    keys: Sequence[str],
    values: Sequence[bytes | memoryview],
    parameters: "Parameters",
    *,
    only_if_absent: bool = False,
    nested: Sequence[str] = (),
) -> list[str]:
    """Copy values to the worker and publish them; return the keys that were not stored."""
    from yr_fake_ds.protocol import Item

    sizes = [len(value) for value in values]
    if sum(sizes) < session.link().shm_threshold:
        items = [Item(key, size) for key, size in zip(keys, sizes, strict=True)]
        return _publish(
            session, None, call, items, values, parameters, only_if_absent, list(nested)
        )
    unless_sealed = call != "mset"
    allocations = _allocate_slots(session, keys, sizes, parameters, unless_sealed=unless_sealed)
    for allocation, value in zip(allocations, values, strict=True):
        allocation.view()[:] = value
    return publish(
        session, call, allocations, parameters, only_if_absent=only_if_absent, nested=nested
    )


def publish(
    session: Session,
    call: "PublishCall",
    allocations: Sequence[Allocation],
    parameters: "Parameters",
    *,
    only_if_absent: bool = False,
    nested: Sequence[str] = (),
) -> list[str]:
    """Make allocations visible in one step; return the keys that were not stored."""
    from yr_fake_ds.protocol import Item

    link = allocations[0].link
    for allocation in allocations:
        session.refuse_ended(allocation.link)
    items = [Item(part.key, part.size, part.slot_id) for part in allocations]
    payload = [part.view() for part in allocations if part.slot_id is None]
    return _publish(session, link, call, items, payload, parameters, only_if_absent, list(nested))


def _publish(
    session: Session,
    link: "WorkerLink | None",
    call: "PublishCall",
    items: "list[Item]",
    payload: Sequence[bytes | memoryview],
    parameters: "Parameters",
    only_if_absent: bool,
    nested: list[str],
) -> list[str]:
    from yr_fake_ds import protocol

    request = protocol.Publish(
        call=call,
        items=items,
        parameters=parameters,
        timeout_ms=session.request_timeout_ms,
        only_if_absent=only_if_absent,
        nested=nested,
        trace_id=trace.current(),
    )
    try:
        if link is None:
            published = session.ask(request, protocol.Published, payload)
        else:
            published = session.ask_about(link, request, protocol.Published, payload)
    except StatusError as error:
        raise _with_retry_detail(error, session.request_timeout_ms) from None
    return session.as_asked(published.failed)


def _allocate_slots(
    session: Session,
    keys: Sequence[str],
    sizes: Sequence[int],
    parameters: "Parameters",
    *,
    unless_sealed: bool,
) -> list[Allocation]:
    from yr_fake_ds import protocol

    request = protocol.Create(
        keys=list(keys),
        sizes=list(sizes),
        parameters=parameters,
        timeout_ms=session.request_timeout_ms,
        unless_sealed=unless_sealed,
        trace_id=trace.current(),
    )
    try:
        link, created = session.ask_where(request, protocol.Created)
    except StatusError as error:
        raise _with_retry_detail(error, session.request_timeout_ms) from None
    return [
        Allocation(key, slot.size, session, link, slot)
        for key, slot in zip(keys, created.slots, strict=True)
    ]


def _with_retry_detail(error: StatusError, timeout_ms: int) -> StatusError:
    # The real client retries these calls and tells so behind the worker's text (shape C).
    if error.status in {texts.RPC_UNAVAILABLE, texts.NOT_READY, texts.BUFFER_DEPRECATED}:
        return error
    if error.status == texts.OUT_OF_MEMORY:
        detail = texts.RETRY_DETAIL.format(
            statuses="Out of memory * 4", times=3, elapsed_ms=timeout_ms
        )
    else:
        detail = texts.RETRY_DETAIL.format(statuses="", times=0, elapsed_ms=timeout_ms)
    return StatusError(error.status, error.message + detail.replace("[  ]", "[ ]"))
