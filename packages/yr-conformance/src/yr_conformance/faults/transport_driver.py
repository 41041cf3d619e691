"""What the faults under the transport are made with: two actors, their transfers, their worker."""

from __future__ import annotations

from typing import Any, Final

from yr_conformance.living import kill
from yr_conformance.transfer.device_kind import DeviceKind
from yr_conformance.transfer.ray_session import FETCH_TIMEOUT_SECONDS, RaySession
from yr_conformance.waiting import PATIENCE_S

ELEMENTS: Final = 1_000_000
LIMIT_S: Final = FETCH_TIMEOUT_SECONDS + 15.0
"""Ray's own time for a transfer, and what the transport adds for a worker that does not answer."""
REPLY_S: Final = PATIENCE_S
TRANSFERS: Final = 20


class Driver:
    """Two actors with tensors on one kind of device, and the transfers between them."""

    def __init__(self, session: RaySession, device: DeviceKind) -> None:
        self.session, self.device = session, device
        self.sender, self.receiver = self.peer(), self.peer()

    def peer(self) -> Any:
        """Start an actor."""
        from yr_conformance.transfer.peer import peer_class

        return peer_class(self.device).remote()

    def pids(self) -> list[int]:
        """The processes of the two."""
        import ray

        made = [actor.pid.remote() for actor in (self.sender, self.receiver)]
        return list(ray.get(made, timeout=REPLY_S))

    def put(self) -> Any:
        """Let the sender make a tensor, and wait until it has."""
        reference = self.sender.make.remote(ones, ELEMENTS)
        self.settle()
        return reference

    def settle(self) -> None:
        """Wait until the sender has done all that it was asked."""
        import ray

        ray.get(self.sender.apply.remote(abs, 0), timeout=REPLY_S)

    def get(self, reference: Any) -> float:
        """Let the receiver add up the tensor."""
        import ray

        total: float = ray.get(self.receiver.apply.remote(total_of, reference), timeout=REPLY_S)
        return total

    def transfer(self) -> bool:
        """Move one tensor; actors that died are replaced."""
        import ray

        try:
            return self.get(self.put()) == ELEMENTS
        except ray.exceptions.RayActorError:
            self.sender, self.receiver = self.replaced(self.sender), self.replaced(self.receiver)
            raise

    def replaced(self, actor: Any) -> Any:
        """Give another actor in the place of one, which ends."""
        import ray

        ray.kill(actor)
        return self.peer()

    def receiving(self, count: int) -> tuple[list[Any], list[Any]]:
        """Let the receiver add up many tensors, and wait for the first; give all of both."""
        import ray

        references = [self.put() for _ in range(count)]
        totals = [self.receiver.apply.remote(total_of, reference) for reference in references]
        ray.get(totals[0], timeout=REPLY_S)
        return references, totals

    def worker_pid(self) -> int:
        """The datasystem worker of this node."""
        (pid,) = self.session.datasystem_pids()
        return pid

    def kill_worker(self) -> None:
        """Let the worker crash, and wait until nothing of it can answer."""
        kill(self.worker_pid())


def ones(elements: int) -> Any:
    """Make a tensor, in the sender."""
    import torch

    return torch.ones(elements, dtype=torch.float32)


def total_of(tensor: Any) -> float:
    """Add up a tensor, in the receiver."""
    return float(tensor.sum())
