"""Peers: the Ray actors between which the clauses move tensors.

One class serves most clauses: an actor runs any function and returns its result, either through the
transport (`make`) or as an ordinary value (`apply`). What the function makes, it makes on the
device of the peer. The classes are built on request, because Ray accepts the name of a transport in
a decorator only after it was registered.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from yr_conformance.transfer.adapter import adapter
from yr_conformance.transfer.device_kind import CPU, DeviceKind
from yr_conformance.transfer.device_memory import made_on
from yr_conformance.transfer.fingerprint import fingerprint
from yr_conformance.transfer.registration import register_transport
from yr_conformance.waiting import PATIENCE_S

TRANSPORT = adapter().NAME


def peer_class(device: DeviceKind = CPU) -> Any:
    """Return the actor class that runs functions; called in a process that registered."""
    import ray

    kind = device.name

    class Peer:
        def __init__(self) -> None:
            register_transport()

        @ray.method(tensor_transport=TRANSPORT)
        def make(self, function: Callable[..., Any], *arguments: Any) -> Any:
            return made_on(kind, function, arguments)

        def apply(self, function: Callable[..., Any], *arguments: Any) -> Any:
            return made_on(kind, function, arguments)

        def pid(self) -> int:
            return os.getpid()

    # Ray 2.55 to 2.60 knows methods by the names of class and method: an actor that is given a
    # handle of a namesake's, for instance with a reference in a list, has that one's from then on.
    Peer.__qualname__ += f"-{kind}"
    return ray.remote(**device.options)(Peer)


def async_peer_class(device: DeviceKind = CPU) -> Any:
    """Return a class like `peer_class`, whose methods are coroutines."""
    import ray

    kind = device.name

    @ray.remote(**device.options)
    class AsyncPeer:
        def __init__(self) -> None:
            register_transport()

        @ray.method(tensor_transport=TRANSPORT)
        async def make(self, function: Callable[..., Any], *arguments: Any) -> Any:
            return made_on(kind, function, arguments)

        async def apply(self, function: Callable[..., Any], *arguments: Any) -> Any:
            return made_on(kind, function, arguments)

    return AsyncPeer


def unregistered_peer_class(device: DeviceKind = CPU) -> Any:
    """Return a class that registers nothing itself and names the transport at each call."""
    import ray

    kind = device.name

    @ray.remote(enable_tensor_transport=True, **device.options)
    class UnregisteredPeer:
        def apply(self, function: Callable[..., Any], *arguments: Any) -> Any:
            return made_on(kind, function, arguments)

    return UnregisteredPeer


def late_peer_class(device: DeviceKind = CPU) -> Any:
    """Return a class whose constructor waits until a file exists."""
    import ray

    kind = device.name

    @ray.remote(**device.options)
    class LatePeer:
        def __init__(self, path: str) -> None:
            register_transport()
            self.waited = wait_for_file(path)

        @ray.method(tensor_transport=TRANSPORT)
        def make(self, function: Callable[..., Any], *arguments: Any) -> Any:
            return made_on(kind, function, arguments)

    return LatePeer


def observed(actor: Any, *references: Any) -> Any:
    """Return the fingerprints of what an actor receives; one alone when given one reference."""
    import ray

    if len(references) == 1:
        return ray.get(actor.apply.remote(fingerprint, references[0]))
    return ray.get(actor.apply.remote(_fingerprints, *references))


def wait_for_file(path: str, seconds: float = PATIENCE_S) -> bool:
    """Occupy an actor's thread until the file exists; False if it never came."""
    deadline = time.monotonic() + seconds
    while not os.path.exists(path):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _fingerprints(*values: Any) -> list[Any]:
    return [fingerprint(value) for value in values]
