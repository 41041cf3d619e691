"""One fetch of one object by one receiver, from Ray's request to the finished tensors."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ray_ascend.errors import StoreUnavailableError, TransferTimeoutError
from ray_ascend.npu.streams import at_rest
from ray_ascend.objects.device_path import DevicePath, UnderWay
from ray_ascend.objects.metadata import YRTransportMetadata
from ray_ascend.objects.patience import Patience
from ray_ascend.ray_internals import fetch_timeout_s
from ray_ascend.store.retries import Retries
from ray_ascend.transport.device_paths import path_of

try:
    from ray.experimental.rdt.tensor_transport_manager import FetchRequest
except ImportError:  # Ray 2.55 has no such class and never sees one

    class FetchRequest:  # type: ignore[no-redef]
        """Stands in for Ray's class where Ray has none."""


if TYPE_CHECKING:
    import torch

_PATIENCE_LIMIT_S = 45.0
_SHARE_OF_RAYS_TIMEOUT = 0.75


class PendingFetch(FetchRequest):
    """A fetch that writes into nothing of the user's until it is waited for.

    So the user's target buffers are written only in the thread that waits, never after a time-out.
    """

    def __init__(
        self,
        obj_id: str,
        metadata: YRTransportMetadata,
        targets: Sequence[torch.Tensor] | None,
    ) -> None:
        self.obj_id, self.began = obj_id, time.perf_counter()
        self.tensors: list[torch.Tensor] = []
        self.metadata, self.targets = metadata, targets
        self.under_way: UnderWay | None = None
        self.is_waited_for = False
        self._aborted = threading.Event()

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    @property
    def path(self) -> DevicePath:
        """How the object's kind of device is received; UnsupportedDeviceError if it is not."""
        return path_of(self.metadata.tensor_device or "cpu")

    def abort(self) -> None:
        """Make `complete` give up as soon as the call that it is in returns."""
        self._aborted.set()

    def give_up(self) -> None:
        """Let go of a copy that has begun, if one has."""
        under_way, self.under_way = self.under_way, None
        if under_way is not None:
            under_way.give_up()

    def complete(self, deadline: float) -> list[torch.Tensor]:
        """Wait until the tensors are here, at most until `deadline` (monotonic seconds)."""
        self.is_waited_for = True
        if not self.metadata.key:
            self.tensors = self.path.rebuild_empty(self.metadata, self.targets)
            return self.tensors
        try:
            self.tensors = self._receive(Patience(self.obj_id, deadline, self._aborted))
        except StoreUnavailableError as error:
            raise TransferTimeoutError(
                f"object {self.obj_id} did not arrive in time: {error}", error.key, error.status
            ) from error
        return self.tensors

    def _receive(self, patience: Patience) -> list[torch.Tensor]:
        metadata, targets, retries = self.metadata, self.targets, Retries(patience.deadline)
        while True:
            with retries.attempt() as connection, at_rest(targets or ()):
                patience.check_wanted(metadata.key)
                tensors = self._finish(patience)
                if tensors is None:
                    tensors = self.path.receive(connection, metadata, targets, patience)
                return tensors

    def _finish(self, patience: Patience) -> list[torch.Tensor] | None:
        under_way, self.under_way = self.under_way, None
        return None if under_way is None else under_way.finish(patience)


def fetch_patience_s() -> float:
    """How long a fetch may take: less than Ray's own time-out, so that our error comes first."""
    return min(_PATIENCE_LIMIT_S, fetch_timeout_s() * _SHARE_OF_RAYS_TIMEOUT)
