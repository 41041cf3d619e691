"""From a client's request to its reply."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from yr_fake_ds import protocol, texts
from yr_fake_ds.daemon.device_requests import DeviceRequests
from yr_fake_ds.daemon.keys import Keys
from yr_fake_ds.daemon.memory import Memory
from yr_fake_ds.daemon.publication import Publication
from yr_fake_ds.daemon.reading import Reading
from yr_fake_ds.device_protocol import DeviceRequest
from yr_fake_ds.protocol import Slot
from yr_fake_ds.refusal import RefusedError


class Payload(Protocol):
    """The bytes that follow a request."""

    def read_into(self, destination: memoryview) -> None:
        """Fill a buffer with the next of them."""
        ...


class RequestHandler:
    """Carries out requests of attached clients; called from all threads of the worker."""

    def __init__(
        self,
        memory: Memory,
        publication: Publication,
        reading: Reading,
        keys: Keys,
        devices: DeviceRequests,
    ) -> None:
        self._memory = memory
        self._publication = publication
        self._reading = reading
        self._keys = keys
        self._devices = devices
        self._handlers: dict[type, Callable[[Any, Payload, str], protocol.Message]] = {
            protocol.Create: self._create,
            protocol.Publish: self._publish,
            protocol.Get: self._get,
            protocol.Release: self._release,
            protocol.Exist: self._exist,
            protocol.Delete: self._delete,
            protocol.Expire: self._expire,
            protocol.Health: self._health,
            protocol.Latch: self._latch,
            protocol.Unlatch: self._unlatch,
            protocol.Invalidate: self._invalidate,
            protocol.ChangeGlobalReferences: self._change_references,
            protocol.QueryGlobalReferences: self._count_references,
        }

    def handle(self, request: Any, payload: Payload, client_id: str) -> protocol.Message:
        """Carry a request out; RefusedError becomes a Failure."""
        if isinstance(request, DeviceRequest):
            return self._devices.handle(request, client_id)
        handler = self._handlers.get(type(request))
        if handler is None:
            raise RefusedError(texts.UNEXPECTED_REQUEST, request=type(request).__name__)
        return handler(request, payload, client_id)

    def forget_client(self, client_id: str) -> None:
        """Take back what a request that was on its way gave to a client that left meanwhile."""
        self._keys.forget_client(client_id)

    def take_back(self, answer: protocol.Message, client_id: str) -> None:
        """Release what an answer gave to a client that does not get to see it.

        The released worker has its memory back within seconds, too (measured on
        openyuanrong-datasystem 0.8.1: a create and a get of a worker that was stopped for 8 s).
        """
        if isinstance(answer, protocol.Created | protocol.Got):
            self._memory.release([slot.id for slot in answer.slots if slot], client_id)

    def _create(self, request: protocol.Create, payload: Payload, client: str) -> protocol.Message:
        return protocol.Created(self._publication.create(request, client))

    def _publish(
        self, request: protocol.Publish, payload: Payload, client: str
    ) -> protocol.Message:
        failed = self._publication.publish(request, client, payload.read_into)
        return protocol.Published(failed)

    def _get(self, request: protocol.Get, payload: Payload, client: str) -> protocol.Message:
        slots = self._reading.get(request, client)
        if request.latched:
            self._latch_all(slots, request.timeout_ms, client)
        return protocol.Got(slots)

    def _latch_all(self, slots: list[Slot | None], timeout_ms: int, client: str) -> None:
        deadline = time.monotonic() + timeout_ms / 1000
        held = [slot.id for slot in slots if slot]
        try:
            for slot_id in held:
                self._memory.latch(slot_id, client, exclusive=False, deadline=deadline)
        except RefusedError:
            self._memory.release(held, client)
            raise

    def _release(
        self, request: protocol.Release, payload: Payload, client: str
    ) -> protocol.Message:
        self._memory.release(request.slot_ids, client)
        return protocol.Done()

    def _exist(self, request: protocol.Exist, payload: Payload, client: str) -> protocol.Message:
        return protocol.Existing(self._reading.exist(request.keys, request.timeout_ms))

    def _delete(self, request: protocol.Delete, payload: Payload, client: str) -> protocol.Message:
        return protocol.Failed(self._keys.delete(request.keys, request.timeout_ms))

    def _expire(self, request: protocol.Expire, payload: Payload, client: str) -> protocol.Message:
        return protocol.Failed(self._keys.expire(request.keys, request.ttl_s, request.timeout_ms))

    def _health(self, request: protocol.Health, payload: Payload, client: str) -> protocol.Message:
        return protocol.Done()

    def _latch(self, request: protocol.Latch, payload: Payload, client: str) -> protocol.Message:
        deadline = time.monotonic() + request.timeout_ms / 1000
        self._memory.latch(request.slot_id, client, exclusive=request.exclusive, deadline=deadline)
        return protocol.Done()

    def _unlatch(
        self, request: protocol.Unlatch, payload: Payload, client: str
    ) -> protocol.Message:
        self._memory.unlatch(request.slot_id, client, exclusive=request.exclusive)
        return protocol.Done()

    def _invalidate(
        self, request: protocol.Invalidate, payload: Payload, client: str
    ) -> protocol.Message:
        self._keys.invalidate(request.key)
        return protocol.Done()

    def _change_references(
        self, request: protocol.ChangeGlobalReferences, payload: Payload, client: str
    ) -> protocol.Message:
        self._keys.change_references(request, client)
        return protocol.Failed([])

    def _count_references(
        self, request: protocol.QueryGlobalReferences, payload: Payload, client: str
    ) -> protocol.Message:
        return protocol.Count(self._keys.count_references(request))
