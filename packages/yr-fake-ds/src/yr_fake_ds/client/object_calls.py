"""What `ObjectClient` and its buffers do, once their arguments have the right types."""

from typing import TYPE_CHECKING, Any

from yr_fake_ds import texts
from yr_fake_ds.client import keys as key_checks
from yr_fake_ds.client import trace
from yr_fake_ds.client.allocation import Allocation
from yr_fake_ds.client.keys import refuse
from yr_fake_ds.client.publication import allocate, publish, store
from yr_fake_ds.client.retrieval import take
from yr_fake_ds.client.session import Session
from yr_fake_ds.client.values import stored_bytes
from yr_fake_ds.errors import StatusError

if TYPE_CHECKING:
    from yr_fake_ds.protocol import PublishCall


class ObjectCalls:
    """The calls of one `ObjectClient`; from any thread. All raise StatusError."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create(self, key: str, size: int, consistency: int) -> Allocation:
        """Make writable memory for an object."""
        self._session.link()
        key_checks.check_create(key, size)
        parameters = _parameters(consistency)
        return allocate(self._session, [key], [size], parameters, unless_sealed=True)[0]

    def put(self, key: str, value: Any, consistency: int, nested: list[str]) -> None:
        """Store one object."""
        self._session.link()
        data = stored_bytes(value)
        key_checks.check_set(key, len(data))
        if key in nested:
            raise refuse(texts.NESTED_LOOP)
        store(self._session, "put", [key], [data], _parameters(consistency), nested=nested)

    def get(self, keys: list[str], wait_ms: int) -> list[Allocation | None]:
        """Take references on objects."""
        self._session.link()
        key_checks.check_batch(keys)
        return take(self._session, keys, wait_ms)

    def change_references(self, keys: list[str], *, increase: bool) -> list[str]:
        """Change the cluster-wide reference counts and return the keys that failed."""
        from yr_fake_ds import protocol

        self._session.link()
        key_checks.check_batch(keys)
        request = protocol.ChangeGlobalReferences(
            keys=keys,
            increase=increase,
            timeout_ms=self._session.request_timeout_ms,
            trace_id=trace.current(),
        )
        return self._session.ask(request, protocol.Failed).keys

    def query_references(self, key: str) -> int:
        """Return the cluster-wide reference count of an object."""
        from yr_fake_ds import protocol

        request = protocol.QueryGlobalReferences(
            key=key, timeout_ms=self._session.request_timeout_ms, trace_id=trace.current()
        )
        return self._session.ask(request, protocol.Count).value


def publish_buffer(allocation: Allocation, call: "PublishCall", nested: list[str]) -> None:
    """Make an object's buffer visible ("put"), for good ("seal")."""
    seals = call == "seal"
    if allocation.session.closed:
        raise refuse(texts.SEAL_DESTROYED if seals else texts.PUBLISH_DESTROYED)
    if allocation.sealed:
        raise refuse(texts.SEAL_SEALED if seals else texts.PUBLISH_SEALED)
    parameters = allocation.parameters or _parameters(0)
    try:
        publish(allocation.session, call, [allocation], parameters, nested=nested)
    except StatusError:
        allocation.refused = True
        raise
    allocation.refused = False
    allocation.sealed = seals


def copy_into(allocation: Allocation, value: Any) -> None:
    """Copy `value` to the beginning of a buffer; it must fit and not be empty."""
    if allocation.session.closed:
        raise refuse(texts.COPY_DESTROYED)
    data = stored_bytes(value)
    if not 0 < len(data) <= allocation.size:
        raise refuse(texts.COPY_LENGTH)
    allocation.view()[: len(data)] = data


def invalidate(allocation: Allocation) -> None:
    """Drop the object's copy at its worker, whichever buffer that is; others keep theirs."""
    from yr_fake_ds import protocol

    if allocation.session.closed:
        raise refuse(texts.INVALIDATE_DESTROYED)
    request = protocol.Invalidate(key=allocation.key, trace_id=trace.current())
    allocation.session.ask_about(allocation.link, request, protocol.Done)


def _parameters(consistency: int) -> Any:
    from yr_fake_ds.protocol import Parameters

    return Parameters(consistency, 0, 0, 0)
