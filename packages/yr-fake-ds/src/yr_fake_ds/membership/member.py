"""A worker as a member of its cluster in etcd: its lease, its entry, its part in the election.

    /<cluster>/yr-fake-ds/workers/<address>   <address> <life> <lease> of the worker; goes with its
                                              lease after --node_timeout_s without a sign of life
    /<cluster>/yr-fake-ds/directory           <address> <life> of the worker that keeps the
                                              directory; goes after --node_dead_timeout_s, or with
                                              the last worker

The first worker keeps the directory. When it dies or stops, nothing can be written until it is
back at its address, or until its time is over and another worker takes over, with nothing in it.
An etcd that is away changes nothing. A worker whose lease has ended has been given up by the
others and ends itself; only if nobody else is left, the keeper stays. Workers that did not run, all
of them, as on a machine that sleeps, have given up nobody and go on. All as measured on
openyuanrong-datasystem 0.8.1, except that there another one took over only 57 s after a death with
--node_dead_timeout_s 8.
"""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections.abc import Callable
from typing import Final

from yr_fake_ds.directory.remote import DirectoryLostError, NotAdmittedError
from yr_fake_ds.membership.directory import ElectedDirectory
from yr_fake_ds.membership.gateway import EtcdLostError, Gateway

ROOT: Final = "/yr-fake-ds"
SIGNS_PER_LEASE: Final = 3
MAX_PAUSE_S: Final = 1.0
TURN_S: Final = 10.0
"""So long a worker that runs may be busy with an etcd that does not answer."""


class Member:
    """Runs in a thread of the worker, from `enter` to `leave`."""

    def __init__(
        self,
        address: str,
        cluster: str,
        gateway: Gateway,
        directory: ElectedDirectory,
        leases_s: tuple[int, int],
        end: Callable[[str], None],
    ) -> None:
        """Take the times of the entry's and of the directory's lease, and what ends the worker."""
        self._address = address
        self._gateway = gateway
        self._directory = directory
        self._leases_s = leases_s
        self._me = f"{address} {uuid.uuid4().hex}"
        self._end = end
        place = f"/{cluster}{ROOT}" if cluster else ROOT
        self._workers = f"{place}/workers/"
        self._worker_key = f"{self._workers}{address}"
        self._directory_key = f"{place}/directory"
        self._lease = self._directory_lease = ""
        self._turn = time.monotonic()
        self._slept = False
        self._others: set[str] = set()
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._run, name="member", daemon=True)

    def enter(self) -> None:
        """Take a place in the cluster, once; EtcdLostError or DirectoryLostError if that fails."""
        self._register()
        self._find_directory()

    def stay(self) -> None:
        """Give signs of life from now on, and follow whoever keeps the directory."""
        self._thread.start()

    def leave(self) -> None:
        """Give the place up at once; the directory only if nobody is left who would miss it."""
        self._left.set()
        with contextlib.suppress(EtcdLostError):
            self._gateway.revoke(self._lease)
            if self._directory_lease and not self._gateway.values(self._workers):
                self._gateway.revoke(self._directory_lease)

    def _run(self) -> None:
        pause_s = min(self._leases_s[0] / SIGNS_PER_LEASE, MAX_PAUSE_S)
        while not self._left.wait(pause_s):
            last, self._turn = self._turn, time.monotonic()
            self._slept |= self._turn - last > self._leases_s[0] + TURN_S
            # Whatever is away now is tried again; clients are told by the calls that need it.
            try:
                self._give_a_sign()
            except NotAdmittedError as refusal:
                # The next keeper is on another machine: nothing could be written for ever.
                self.leave()
                self._end(str(refusal))
            except (EtcdLostError, DirectoryLostError):
                pass

    def _give_a_sign(self) -> None:
        if not self._gateway.keep(self._lease):
            if self._is_given_up():
                self._left.set()
                self._end(f"The lease of {self._address} in etcd has ended: it ends itself")
                return
            self._register()
        if self._directory_lease and not self._gateway.keep(self._directory_lease):
            self._directory_lease = ""
        self._find_directory()
        self._others = self._other_workers()
        self._slept = False

    def _is_given_up(self) -> bool:
        others = self._other_workers()
        if self._slept:
            # Who slept, too, is not there any more, or again with another lease.
            return bool(others & self._others)
        return bool(others) or not self._directory.serves(self._address)

    def _other_workers(self) -> set[str]:
        there = self._gateway.values(self._workers)
        return {one for one in there if not one.startswith(self._me)}

    def _register(self) -> None:
        self._lease = self._gateway.grant(self._leases_s[0])
        self._gateway.put(self._worker_key, f"{self._me} {self._lease}", self._lease)

    def _find_directory(self) -> None:
        keeper = self._gateway.get(self._directory_key)
        address = keeper.partition(" ")[0] if keeper else ""
        if keeper == self._me or (address != self._address and address):
            if not self._directory.serves(address):
                self._use(address)
        elif self._stand(keeper) and not self._directory.serves(self._address):
            self._directory.keep()

    def _use(self, keeper: str) -> None:
        if keeper == self._address:
            self._directory.keep()
        else:
            self._directory.follow(keeper)

    def _stand(self, old: str | None) -> bool:
        """Try to keep the directory, which nobody does, or only an earlier life of this worker."""
        if not self._directory_lease:
            self._directory_lease = self._gateway.grant(self._leases_s[1])
        return self._gateway.replace(self._directory_key, old, self._me, self._directory_lease)
