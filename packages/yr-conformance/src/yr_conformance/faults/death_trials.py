"""Deaths of sender and receiver at each step of a transfer, carried out by `transport_trials`.

sender:    makes ... stored ................................ freed
receiver:               waits ... receives ... uses
^        ^         ^          ^
"""

from __future__ import annotations

import os
import pathlib
import signal
from typing import Any, Final, Protocol

from yr_conformance.faults.trial import Trial
from yr_conformance.transfer.actor_memory import keep, recall
from yr_conformance.transfer.peer import wait_for_file
from yr_conformance.transfer.ray_session import FETCH_TIMEOUT_SECONDS, RaySession

ELEMENTS: Final = 1_000_000
LIMIT_S: Final = FETCH_TIMEOUT_SECONDS + 15.0
"""Ray's own time for a transfer, and what the transport adds for a worker that does not answer."""
REPLY_S: Final = 60.0
TRANSFERS: Final = 20


class Pair(Protocol):
    """A sender, a receiver, and what they can be asked for (`transport_trials.Driver`)."""

    session: RaySession
    sender: Any
    receiver: Any

    def peer(self) -> Any:
        """Start another actor."""
        ...

    def put(self) -> Any:
        """Let the sender make a tensor."""
        ...

    def get(self, reference: Any) -> float:
        """Let the receiver add up the tensor."""
        ...

    def settle(self) -> None:
        """Wait until the sender has done all that it was asked."""
        ...

    def receiving(self, count: int) -> tuple[list[Any], list[Any]]:
        """Let the receiver add up many tensors."""
        ...


def sender_killed_while_it_makes(pair: Pair, trial: Trial) -> None:
    """The sender dies in the method that makes the tensor."""
    begun = str(pair.session.ray_directory / "begun")
    victim = _pid_of(pair.sender)
    reference = pair.sender.make.remote(_ones_never, begun)
    if not wait_for_file(begun):
        raise RuntimeError("the sender did not begin to make a tensor")
    os.kill(victim, signal.SIGKILL)
    trial.mended()
    trial.call("receive", LIMIT_S, pair.get, reference)
    pair.sender = pair.peer()


def sender_killed_before_receive(pair: Pair, trial: Trial) -> None:
    """The sender dies when the method has returned and nobody has received."""
    reference = pair.put()
    _kill(pair.sender)
    trial.mended()
    trial.call("receive", LIMIT_S, pair.get, reference)
    pair.sender = pair.peer()


def sender_killed_during_receive(pair: Pair, trial: Trial) -> None:
    """The sender dies while one tensor after the other is received."""
    import ray

    victim = _pid_of(pair.sender)
    _, totals = pair.receiving(TRANSFERS)
    os.kill(victim, signal.SIGKILL)
    trial.mended()
    trial.call("receive", LIMIT_S * 2, lambda: len(ray.get(totals, timeout=REPLY_S * 2)))
    pair.sender = pair.peer()


def sender_killed_after_receive(pair: Pair, trial: Trial) -> None:
    """The sender dies when the receiver has the tensor."""
    import ray

    reference = pair.put()
    ray.get(pair.receiver.apply.remote(keep, "received", reference), timeout=REPLY_S)
    _kill(pair.sender)
    trial.mended()
    kept = pair.receiver.apply.remote(_kept_total, "received")
    trial.call("use", LIMIT_S, lambda: ray.get(kept, timeout=REPLY_S))
    pair.sender = pair.peer()


def receiver_killed_before_receive(pair: Pair, trial: Trial) -> None:
    """The receiver dies with a transfer to it under way."""
    import ray

    victim = _pid_of(pair.receiver)
    os.kill(victim, signal.SIGSTOP)
    total = pair.receiver.apply.remote(total_of, pair.put())
    os.kill(victim, signal.SIGKILL)
    trial.mended()
    trial.call("receive", LIMIT_S, lambda: ray.get(total, timeout=REPLY_S))
    trial.call("sender", LIMIT_S, pair.settle)
    pair.receiver = pair.peer()


def receiver_killed_during_receive(pair: Pair, trial: Trial) -> None:
    """The receiver dies while it receives one tensor after the other; another one follows it."""
    import ray

    victim = _pid_of(pair.receiver)
    references, totals = pair.receiving(TRANSFERS)
    os.kill(victim, signal.SIGKILL)
    trial.mended()
    trial.call("receive", LIMIT_S * 2, lambda: ray.get(totals, timeout=REPLY_S * 2))
    pair.receiver = pair.peer()
    trial.call("receive by another", LIMIT_S, pair.get, references[-1])


def receiver_killed_after_receive(pair: Pair, trial: Trial) -> None:
    """The receiver dies with the tensor in its memory; another one receives the same object."""
    import ray

    reference = pair.put()
    ray.get(pair.receiver.apply.remote(keep, "received", reference), timeout=REPLY_S)
    _kill(pair.receiver)
    trial.mended()
    pair.receiver = pair.peer()
    trial.call("receive by another", LIMIT_S, pair.get, reference)


STEPS: Final = (
    sender_killed_while_it_makes,
    sender_killed_before_receive,
    sender_killed_during_receive,
    sender_killed_after_receive,
    receiver_killed_before_receive,
    receiver_killed_during_receive,
    receiver_killed_after_receive,
)


def ones(elements: int) -> Any:
    """Make a tensor, in the sender."""
    import torch

    return torch.ones(elements, dtype=torch.float32)


def total_of(tensor: Any) -> float:
    """Add up a tensor, in the receiver."""
    return float(tensor.sum())


def _kill(actor: Any) -> None:
    os.kill(_pid_of(actor), signal.SIGKILL)


def _pid_of(actor: Any) -> int:
    import ray

    return int(ray.get(actor.pid.remote(), timeout=REPLY_S))


def _ones_never(begun: str) -> None:
    pathlib.Path(begun).touch()
    wait_for_file(f"{begun}.never", REPLY_S)


def _kept_total(name: str) -> float:
    return total_of(recall(name))
