"""A worker as a member of its cluster in etcd: its lease, its entry, its part in the election.

    /yr-fake-ds/<cluster>/workers/<address>   the worker's life; goes with its lease after
                                              --node_timeout_s without a sign of life
    /yr-fake-ds/<cluster>/directory           <address> <life> of the worker that keeps the
                                              directory; goes after --node_dead_timeout_s, or when
                                              that worker stops in order, or is back at its address

An etcd that is away changes nothing for those who are in: leases are taken anew when it is back.
"""

from __future__ import annotations

import contextlib
import threading
import uuid
from typing import Final

from yr_fake_ds.directory.remote import DirectoryLostError
from yr_fake_ds.membership.directory import ElectedDirectory
from yr_fake_ds.membership.gateway import EtcdLostError, Gateway

ROOT: Final = "/yr-fake-ds"
SIGNS_PER_LEASE: Final = 3
MAX_PAUSE_S: Final = 1.0


class Member:
    """Runs in a thread of the worker, from `enter` to `leave`."""

    def __init__(
        self,
        address: str,
        cluster: str,
        gateway: Gateway,
        directory: ElectedDirectory,
        leases_s: tuple[int, int],
    ) -> None:
        """Take the times of the entry's and of the directory's lease."""
        self._address = address
        self._gateway = gateway
        self._directory = directory
        self._leases_s = leases_s
        self._me = f"{address} {uuid.uuid4().hex}"
        self._worker_key = f"{ROOT}/{cluster}/workers/{address}"
        self._directory_key = f"{ROOT}/{cluster}/directory"
        self._lease = self._directory_lease = ""
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
        """Give the place up at once, so that others need not wait for the leases to end."""
        self._left.set()
        with contextlib.suppress(EtcdLostError):
            for lease in (self._lease, self._directory_lease):
                if lease:
                    self._gateway.revoke(lease)

    def _run(self) -> None:
        pause_s = min(self._leases_s[0] / SIGNS_PER_LEASE, MAX_PAUSE_S)
        while not self._left.wait(pause_s):
            # Whatever is away now is tried again; clients are told by the calls that need it.
            with contextlib.suppress(EtcdLostError, DirectoryLostError):
                self._give_a_sign()

    def _give_a_sign(self) -> None:
        if not self._gateway.keep(self._lease):
            self._register()
        if self._directory_lease and not self._gateway.keep(self._directory_lease):
            self._directory_lease = ""
        self._find_directory()

    def _register(self) -> None:
        self._lease = self._gateway.grant(self._leases_s[0])
        self._gateway.put(self._worker_key, self._me, self._lease)

    def _find_directory(self) -> None:
        keeper = self._gateway.get(self._directory_key)
        address = keeper.partition(" ")[0] if keeper else ""
        if keeper == self._me or (address != self._address and address):
            if not self._directory.serves(address):
                self._use(address)
        elif self._stand(keeper):
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
