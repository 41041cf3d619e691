"""An etcd of somebody else, at an address that the user gave."""

from __future__ import annotations

from yr_conformance.etcd.errors import EtcdError
from yr_conformance.etcd.server import is_healthy

_PATIENCE_S = 10.0


class AddressedEtcd:
    """Used, never changed: each cluster of workers has a name of its own in it."""

    kind = "address"
    may_be_hurt = False

    def __init__(self, address: str) -> None:
        """Take it; EtcdError if it does not answer, since it was asked for by name."""
        if not is_healthy(address, _PATIENCE_S):
            raise EtcdError(
                f"no etcd answers at {address}: start it, or unset YR_DS_ETCD_ADDRESS to let the "
                "suite start one"
            )
        self.address = address

    def pause(self) -> None:
        """Refuse."""
        raise self._not_ours("paused")

    def resume(self) -> None:
        """Refuse."""
        raise self._not_ours("resumed")

    def kill(self) -> None:
        """Refuse."""
        raise self._not_ours("killed")

    def restart(self) -> None:
        """Refuse."""
        raise self._not_ours("restarted")

    def close(self) -> None:
        """Leave it as it is."""

    def _not_ours(self, done: str) -> EtcdError:
        return EtcdError(f"the etcd at {self.address} is somebody else's and is not {done}")
