"""One transfer engine: its life, its registered memory, its server, and its reads."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from yr_fake_ds.transfer import texts
from yr_fake_ds.transfer.endpoints import Endpoint, parse_device, parse_endpoint
from yr_fake_ds.transfer.patience import transfer_timeout_s
from yr_fake_ds.transfer.regions import Range, Regions
from yr_fake_ds.transfer.texts import EngineText, refusal

if TYPE_CHECKING:
    from yr_fake_ds.transfer.owning import MemoryServer


class Engine:
    """What is behind one `TransferEngine`; used from any thread of the process that made it.

    Calls raise EngineError for what the real one answers by an error, and RuntimeError in a process
    that inherited the engine by a fork.
    """

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._regions = Regions()
        self._changed = threading.Condition()
        self._ending = threading.Lock()
        self._finalizing = False
        self._reads = 0
        self._server: MemoryServer | None = None
        self._local = Endpoint("", -1)
        self._device = -1
        _engines.add(self)

    @property
    def port(self) -> int:
        """Where peers reach the engine, -1 if it is not initialized."""
        with self._changed:
            return self._local.port

    def initialize(self, local: str, device: str) -> None:
        """Listen at ``host:port`` and lend memory of the NPU ``npu:<number>``.

        Needs no NPU, nor is it asked whether there is one (measured).
        """
        self._refuse_after_fork()
        endpoint, number = parse_endpoint(local), parse_device(device)
        # What needs msgspec is imported with the first engine, not with the SDK.
        from yr_fake_ds.transfer.owning import MemoryServer

        with self._changed:
            if self._server is not None:
                raise refusal(texts.ALREADY_INITIALIZED)
            server = MemoryServer(endpoint, self._regions, number)
            server.start()
            self._server, self._local, self._device = server, endpoint, number

    def register(self, ranges: Sequence[Range]) -> None:
        """Let peers read these; whether there is such memory is seen when somebody does."""
        self._regions.add(ranges, self._own_device(texts.NOT_INITIALIZED_REGISTER))

    def register_all(self, addresses: Sequence[int], lengths: Sequence[int]) -> None:
        """Do so with lists, which must fit each other."""
        if not addresses:
            raise refusal(texts.ADDRESSES_EMPTY)
        if len(addresses) != len(lengths):
            raise refusal(texts.LENGTHS_DIFFER)
        self.register(list(map(Range, addresses, lengths)))

    def unregister(self, addresses: Sequence[int]) -> None:
        """Take memory back, in this order until one fails; waits for peers that read it."""
        self._own_device(texts.NOT_INITIALIZED_UNREGISTER)
        if not addresses:
            raise refusal(texts.UNREGISTER_EMPTY)
        for address in addresses:
            if not address:
                raise refusal(texts.UNREGISTER_ZERO)
            self._regions.remove(address)

    def read(
        self,
        peer: str,
        buffers: Sequence[int],
        addresses: Sequence[int],
        lengths: Sequence[int],
    ) -> None:
        """Copy memory of a peer into buffers of this process, which need not be registered."""
        self._refuse_after_fork()
        _check_lists(buffers, addresses, lengths)
        endpoint = parse_endpoint(peer)
        for buffer, address, length in zip(buffers, addresses, lengths, strict=True):
            _check_item(buffer, address, length)
        from yr_fake_ds.transfer.reading import Copy, read

        pairs = zip(buffers, map(Range, addresses, lengths), strict=True)
        with self._reading() as device:
            read(endpoint, device, [Copy(*pair) for pair in pairs], transfer_timeout_s())

    def finalize(self) -> None:
        """Wait for this engine's reads and for its readers, then close the port; may be repeated.

        Registered memory stays registered, for the next `initialize` (measured).
        """
        self._refuse_after_fork()
        with self._ending:
            with self._changed:
                if self._server is None:
                    return
                server, self._finalizing = self._server, True
                self._changed.wait_for(lambda: not self._reads)
            server.stop()
            with self._changed:
                self._server, self._local, self._device = None, Endpoint("", -1), -1
                self._finalizing = False

    def collect(self) -> None:
        """End with the object that the user had, in whatever thread that was collected."""
        if self._pid != os.getpid() or self._server is None:
            return
        if self._server.is_served_by(threading.current_thread()):
            threading.Thread(target=self.finalize, name="finalize", daemon=True).start()
        else:
            self.finalize()

    def abandon(self) -> None:
        """Keep no socket of the parent open in a forked child."""
        if self._server is not None:
            self._server.abandon()

    @contextmanager
    def _reading(self) -> Iterator[int]:
        with self._changed:
            if self._server is None:
                raise refusal(texts.NOT_INITIALIZED_READ)
            if self._finalizing:
                raise refusal(texts.FINALIZING)
            self._reads += 1
            device = self._device
        try:
            yield device
        finally:
            with self._changed:
                self._reads -= 1
                self._changed.notify_all()

    def _own_device(self, otherwise: EngineText) -> int:
        self._refuse_after_fork()
        with self._changed:
            if self._server is None:
                raise refusal(otherwise)
            return self._device

    def _refuse_after_fork(self) -> None:
        if self._pid != os.getpid():
            raise RuntimeError(texts.FORKED.format(owner=self._pid, current=os.getpid()))


def _check_lists(buffers: Sequence[int], addresses: Sequence[int], lengths: Sequence[int]) -> None:
    if not buffers:
        raise refusal(texts.BUFFERS_EMPTY)
    if not len(buffers) == len(addresses) == len(lengths):
        raise refusal(texts.READ_LISTS_DIFFER)


def _check_item(buffer: int, address: int, length: int) -> None:
    if not buffer:
        raise refusal(texts.BUFFER_ZERO)
    if not address:
        raise refusal(texts.PEER_ADDRESS_ZERO)
    if not length:
        raise refusal(texts.READ_LENGTH_ZERO)


_engines: weakref.WeakSet[Engine] = weakref.WeakSet()


def _abandon_inherited() -> None:
    for engine in list(_engines):
        engine.abandon()


os.register_at_fork(after_in_child=_abandon_inherited)
