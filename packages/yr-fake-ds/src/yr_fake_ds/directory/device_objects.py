"""The state of device objects: which clients hold a key's bytes, who reads, who waits.

Pure, like `state`. Measured on openyuanrong-datasystem 0.8.1 with emulated NPUs: a receiver becomes
a location, the newest location serves the next receiver, a client's own location serves itself, and
an object lives as long as it has a location.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from yr_fake_ds import device_texts as texts
from yr_fake_ds.device_protocol import DeviceObject, DeviceSource
from yr_fake_ds.texts import Text


@dataclass(frozen=True)
class Client:
    """A client and the worker through which it came."""

    id: str
    address: str


@dataclass
class Held:
    """One device object: its locations, oldest first, and how often each client reads it now."""

    moves: bool
    locations: dict[Client, DeviceObject]
    readers: Counter[Client] = field(default_factory=Counter)

    @property
    def newest(self) -> Client:
        """The client whose location serves others."""
        return next(reversed(self.locations))


class DeviceObjects:
    """All device objects of a cluster."""

    def __init__(self) -> None:
        self._held: dict[str, Held] = {}
        self._sent: set[tuple[Client, str]] = set()
        self._waiting: dict[str, list[tuple[Client, int]]] = {}

    def offer(self, client: Client, memory: DeviceObject, *, moves: bool) -> Text | None:
        """Add an object; returns why not. The same offer again is a success."""
        held = self._held.get(memory.key)
        if held is None:
            self._held[memory.key] = Held(moves, {client: memory})
            self._sent.discard((client, memory.key))
            return None
        if client not in held.locations:
            return texts.NOT_THE_OWNER
        return None if held.locations[client] == memory else texts.INCONSISTENT

    def begin(self, client: Client, key: str) -> DeviceSource | None:
        """Choose where a client reads a key, and note that it does; None if there is no such."""
        held = self._held.get(key)
        if held is None:
            return None
        held.readers[client] += 1
        holder = client if client in held.locations else held.newest
        return DeviceSource(held.locations[holder], holder == client)

    def subscribe(self, client: Client, number: int, keys: Iterable[str]) -> None:
        """Let a client take its turn at keys, once."""
        for key in keys:
            turns = self._waiting.setdefault(key, [])
            if (client, number) not in turns:
                turns.append((client, number))

    def is_next(self, client: Client, number: int, key: str) -> bool:
        """Tell whether it is a subscription's turn."""
        return self._waiting.get(key, [])[:1] == [(client, number)]

    def unsubscribe(self, client: Client, number: int, keys: Iterable[str]) -> None:
        """End a subscription for keys."""
        for key in keys:
            turns = [turn for turn in self._waiting.get(key, []) if turn != (client, number)]
            self._waiting[key] = turns
            if not turns:
                del self._waiting[key]

    def receive(self, client: Client, memory: DeviceObject) -> None:
        """Note that a client has a complete copy, from which others may read."""
        held = self._end_reading(client, memory.key)
        if held is not None and client not in held.locations:
            self._mark_sent(held, memory.key)
            held.locations[client] = memory

    def receive_part(self, client: Client, key: str) -> None:
        """Note that a client has copied what it wanted, which is no copy for others."""
        held = self._end_reading(client, key)
        if held is not None and client not in held.locations:
            self._mark_sent(held, key)

    def fail(self, client: Client, key: str) -> None:
        """Note that a client has not copied a key."""
        self._end_reading(client, key)

    def use_up(self, client: Client, key: str) -> None:
        """Remove an object that was to have one receiver; the sender itself is none."""
        held = self._held.get(key)
        if held is not None and held.moves and client not in held.locations:
            del self._held[key]

    def was_sent(self, client: Client, key: str) -> bool:
        """Tell whether somebody has taken what a client offered."""
        return (client, key) in self._sent

    def offers(self, client: Client, key: str) -> bool:
        """Tell whether a client's offer stands."""
        held = self._held.get(key)
        return held is not None and client in held.locations

    def remove(self, key: str) -> bool:
        """Delete an object; False if somebody reads it."""
        held = self._held.get(key)
        if held is not None and held.readers:
            return False
        self._held.pop(key, None)
        return True

    def remove_location(self, client: Client, key: str) -> None:
        """Delete a client's location; the object goes with its last one."""
        held = self._held.get(key)
        if held is None:
            return
        held.locations.pop(client, None)
        if not held.locations:
            del self._held[key]

    def sizes(self, key: str) -> list[int] | None:
        """Return the sizes of a key's blobs, None if it does not exist."""
        held = self._held.get(key)
        return None if held is None else held.locations[held.newest].sizes

    def forget_client(self, client_id: str) -> None:
        """Drop all that a client has."""
        self._forget(lambda client: client.id == client_id)

    def forget_worker(self, address: str) -> None:
        """Drop all that the clients of a worker have, as it does not know them any more."""
        self._forget(lambda client: client.address == address)

    def _forget(self, is_gone: Callable[[Client], bool]) -> None:
        for key, held in list(self._held.items()):
            for client in [client for client in held.readers if is_gone(client)]:
                del held.readers[client]
            for client in [client for client in held.locations if is_gone(client)]:
                self.remove_location(client, key)
        self._sent = {(client, key) for client, key in self._sent if not is_gone(client)}
        for key, turns in list(self._waiting.items()):
            for client, number in turns:
                if is_gone(client):
                    self.unsubscribe(client, number, [key])

    def _end_reading(self, client: Client, key: str) -> Held | None:
        held = self._held.get(key)
        if held is not None and held.readers[client]:
            held.readers[client] -= 1
            held.readers += Counter()
        return held

    def _mark_sent(self, held: Held, key: str) -> None:
        if held.moves:
            self._sent.update((owner, key) for owner in held.locations)
