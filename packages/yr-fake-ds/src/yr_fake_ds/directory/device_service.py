"""Device objects as a service in the head worker: one lock, and waits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from yr_fake_ds import device_protocol as device
from yr_fake_ds import device_texts as texts
from yr_fake_ds import protocol
from yr_fake_ds.device_protocol import DeviceSource
from yr_fake_ds.directory.device_objects import Client, DeviceObjects
from yr_fake_ds.refusal import RefusedError


class DeviceService:
    """Carries out device requests; called from all threads of the head worker."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._objects = DeviceObjects()
        self._clock = clock
        self._changed = threading.Condition()
        self._handlers: dict[type, Callable[[Client, Any], device.DeviceAnswer]] = {
            device.OfferDevice: self._offer,
            device.FindDevice: self._find,
            device.EndDevice: self._end,
            device.AwaitDevice: self._await,
            device.RemoveDevice: self._remove,
            device.MeasureDevice: self._measure,
        }

    def call(self, call: device.DeviceCall) -> device.DeviceAnswer:
        """Carry out one request of a client; RefusedError if it cannot be."""
        client = Client(call.client_id, call.address)
        with self._changed:
            answer = self._handlers[type(call.request)](client, call.request)
            if not isinstance(call.request, device.MeasureDevice):
                self._changed.notify_all()
        return answer

    def forget_client(self, client_id: str) -> None:
        """Drop all that a client has."""
        with self._changed:
            self._objects.forget_client(client_id)
            self._changed.notify_all()

    def forget_worker(self, address: str) -> None:
        """Drop all that the clients of a worker have."""
        with self._changed:
            self._objects.forget_worker(address)
            self._changed.notify_all()

    def _offer(self, client: Client, request: device.OfferDevice) -> device.Offered:
        refusals: list[protocol.Failure | None] = []
        for memory in request.objects:
            text = self._objects.offer(client, memory, moves=request.moves)
            if text is None:
                refusals.append(None)
            else:
                message = text.message(request.trace_id, key=memory.key)
                refusals.append(protocol.Failure(text.status, message))
                if request.moves:
                    break
        return device.Offered(refusals)

    def _find(self, client: Client, request: device.FindDevice) -> device.DeviceFound:
        number = request.subscription
        if number is not None:
            self._objects.subscribe(client, number, request.keys)
        self._wait(request.wait_ms, lambda: self._is_found(client, request))
        return device.DeviceFound([self._begin(client, number, key) for key in request.keys])

    def _is_found(self, client: Client, request: device.FindDevice) -> bool:
        number = request.subscription
        if number is None:
            return all(self._objects.sizes(key) is not None for key in request.keys)
        return any(self._is_due(client, number, key) for key in request.keys)

    def _is_due(self, client: Client, number: int, key: str) -> bool:
        exists = self._objects.sizes(key) is not None
        return exists and self._objects.is_next(client, number, key)

    def _begin(self, client: Client, number: int | None, key: str) -> DeviceSource | None:
        if number is not None and not self._is_due(client, number, key):
            return None
        return self._objects.begin(client, key)

    def _end(self, client: Client, request: device.EndDevice) -> protocol.Done:
        for memory in request.received:
            self._objects.receive(client, memory)
        for key in request.partly:
            self._objects.receive_part(client, key)
        for key in request.failed:
            self._objects.fail(client, key)
        if request.subscription is not None:
            # The rest of the subscription goes on.
            taken = [*(memory.key for memory in request.received), *request.partly]
            for key in taken:
                self._objects.use_up(client, key)
            self._objects.unsubscribe(client, request.subscription, [*taken, *request.failed])
        return protocol.Done()

    def _await(self, client: Client, request: device.AwaitDevice) -> protocol.Existing:
        def is_decided() -> bool:
            return was_sent() or not self._objects.offers(client, request.key)

        def was_sent() -> bool:
            return self._objects.was_sent(client, request.key)

        self._wait(request.wait_ms, is_decided)
        if is_decided() and not was_sent():
            raise RefusedError(texts.FUTURE_ABANDONED)
        return protocol.Existing([was_sent()])

    def _remove(self, client: Client, request: device.RemoveDevice) -> protocol.Failed:
        if request.local:
            for key in request.keys:
                self._objects.remove_location(client, key)
            return protocol.Failed([])
        failed = [key for key in request.keys if not self._objects.remove(key)]
        if len(failed) == len(request.keys):
            raise RefusedError(texts.IN_USE, key=failed[-1])
        return protocol.Failed(failed)

    def _measure(self, _client: Client, request: device.MeasureDevice) -> device.DeviceSizes:
        return device.DeviceSizes([self._objects.sizes(key) for key in request.keys])

    def _wait(self, wait_ms: int, condition: Callable[[], bool]) -> None:
        deadline = self._clock() + wait_ms / 1000
        while not condition():
            remaining = deadline - self._clock()
            if remaining <= 0:
                return
            self._changed.wait(remaining)
