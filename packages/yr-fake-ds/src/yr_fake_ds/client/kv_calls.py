"""What `KVClient` does, once its arguments have the right types: checks of values, and requests."""

import uuid
from collections.abc import Sequence
from typing import Any, Final

from yr_fake_ds import texts
from yr_fake_ds.client import keys as key_checks
from yr_fake_ds.client import trace
from yr_fake_ds.client.allocation import Allocation
from yr_fake_ds.client.keys import refuse
from yr_fake_ds.client.publication import allocate, publish, store
from yr_fake_ds.client.reading import read_parts
from yr_fake_ds.client.retrieval import take
from yr_fake_ds.client.session import Session
from yr_fake_ds.client.values import stored_bytes

MAX_WAIT_MS: Final = 2**31 - 1
HEALTH_TIMEOUT_MS: Final = 3000
PRAM: Final = 0
CAUSAL: Final = 1
NX: Final = 1


class KvCalls:
    """The calls of one `KVClient`; from any thread. All raise StatusError."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def set(self, key: str, value: Any, write_mode: int, ttl_s: int) -> None:
        """Store one value."""
        self._session.link()
        data = stored_bytes(value)
        key_checks.check_set(key, len(data))
        store(self._session, "set", [key], [data], _parameters(CAUSAL, write_mode, ttl_s))

    def set_value(self, value: Any, write_mode: int, ttl_s: int) -> str:
        """Store one value under a generated key and return the key."""
        key = self.generate_key("")
        self.set(key, value, write_mode, ttl_s)
        return key

    def mset(
        self, keys: list[str], values: list[Any], write_mode: int, ttl_s: int, existence: int
    ) -> list[str]:
        """Store several values and return the keys that failed."""
        self._session.link()
        key_checks.check_mset(keys, len(values))
        seen: set[str] = set()
        data: list[bytes | memoryview] = []
        for key, value in zip(keys, values, strict=True):
            # Only the first value of a repeated key counts; the others are not even looked at.
            data.append(b"" if key in seen else stored_bytes(value))
            if key not in seen:
                key_checks.check_sizes([len(data[-1])])
            seen.add(key)
        parameters = _parameters(CAUSAL, write_mode, ttl_s)
        return store(self._session, "mset", keys, data, parameters, only_if_absent=existence == NX)

    def msettx(
        self, keys: list[str], values: list[Any], write_mode: int, ttl_s: int, existence: int
    ) -> None:
        """Store several new values or none."""
        self._session.link()
        key_checks.check_msettx(keys, len(values), existence)
        data = [stored_bytes(value) for value in values]
        parameters = _parameters(CAUSAL, write_mode, ttl_s)
        store(self._session, "msettx", keys, data, parameters, only_if_absent=True)

    def create(
        self, keys: list[str], sizes: list[int], write_mode: int, ttl_s: int
    ) -> list[Allocation]:
        """Make writable memory for values."""
        self._session.link()
        key_checks.check_mcreate(keys, sizes)
        return allocate(self._session, keys, sizes, _parameters(PRAM, write_mode, ttl_s))

    def publish(self, allocations: Sequence[Allocation]) -> None:
        """Make created values visible."""
        if not allocations:
            raise refuse(texts.BUFFERS_EMPTY)
        if len(allocations) > key_checks.MAX_KEYS:
            raise refuse(texts.TOO_MANY_BUFFERS, limit=key_checks.MAX_KEYS)
        parameters = allocations[0].parameters or _parameters(PRAM, 0, 0)
        publish(self._session, "mset_buffer", allocations, parameters)

    def get(
        self, keys: list[str], wait_ms: int, *, latched: bool = False
    ) -> list[Allocation | None]:
        """Take references on values."""
        self._session.link()
        key_checks.check_batch(keys)
        if wait_ms > MAX_WAIT_MS:
            raise refuse(texts.WAIT_OUT_OF_RANGE, timeout_ms=wait_ms)
        return take(self._session, keys, wait_ms, latched=latched)

    def get_bytes(self, keys: list[str], wait_ms: int) -> list[bytes | None]:
        """Return copies of values."""
        return [None if part is None else bytes(part.view()) for part in self.get(keys, wait_ms)]

    def read(self, parts: list[tuple[str, int, int]]) -> list[Allocation | None]:
        """Return private copies of parts (key, offset, size) of values."""
        self._session.link()
        key_checks.check_batch([key for key, _offset, _size in parts])
        return read_parts(self._session, parts)

    def delete(self, keys: list[str]) -> list[str]:
        """Delete keys and return those that failed."""
        from yr_fake_ds import protocol

        self._session.link()
        key_checks.check_batch(keys)
        request = protocol.Delete(
            keys=keys, timeout_ms=self._session.request_timeout_ms, trace_id=trace.current()
        )
        return self._session.as_asked(self._session.ask(request, protocol.Failed).keys)

    def exist(self, keys: list[str]) -> list[bool]:
        """Return which keys exist."""
        from yr_fake_ds import protocol

        self._session.link()
        key_checks.check_batch(keys)
        request = protocol.Exist(
            keys=keys, timeout_ms=self._session.request_timeout_ms, trace_id=trace.current()
        )
        return self._session.ask(request, protocol.Existing).present

    def expire(self, keys: list[str], ttl_s: int) -> list[str]:
        """Set the time to live anew and return the missing keys."""
        from yr_fake_ds import protocol

        self._session.link()
        key_checks.check_batch(keys)
        request = protocol.Expire(
            keys=keys,
            ttl_s=ttl_s,
            timeout_ms=self._session.request_timeout_ms,
            trace_id=trace.current(),
        )
        return self._session.ask(request, protocol.Failed).keys

    def generate_key(self, prefix: str) -> str:
        """Return ``<prefix or a new uuid>;<id of the worker>``."""
        if prefix:
            key_checks.check_characters(prefix)
        return f"{prefix or uuid.uuid4()};{self._session.link().worker_id}"

    def check_health(self) -> None:
        """Ask the worker whether it serves; StatusError if it does not."""
        from yr_fake_ds import protocol

        request = protocol.Health(trace_id=trace.current())
        self._session.ask(request, protocol.Done, timeout_ms=HEALTH_TIMEOUT_MS)


def _parameters(consistency: int, write_mode: int, ttl_s: int) -> Any:
    from yr_fake_ds.protocol import Parameters

    return Parameters(consistency, write_mode, 0, ttl_s)
