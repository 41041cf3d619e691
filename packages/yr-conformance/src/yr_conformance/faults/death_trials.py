"""Deaths of sender and receiver at each step of a transfer, carried out by `transport_trials`.

sender:    makes ... stored ................................ freed
receiver:               waits ... receives ... uses
killed:      ^        ^         ^          ^
"""

from __future__ import annotations

import os
import pathlib
import signal
from typing import Any, Final

from yr_conformance.faults.transport_driver import (
    LIMIT_S,
    REPLY_S,
    TRANSFERS,
    Driver,
    total_of,
)
from yr_conformance.faults.trial import Trial
from yr_conformance.living import freeze
from yr_conformance.transfer.actor_memory import keep, recall
from yr_conformance.transfer.peer import wait_for_file


def sender_killed_while_it_makes(driver: Driver, trial: Trial) -> None:
    """The sender dies in the method that makes the tensor."""
    begun = str(driver.session.ray_directory / "begun")
    victim = _pid_of(driver.sender)
    reference = driver.sender.make.remote(_ones_never, begun)
    if not wait_for_file(begun):
        raise RuntimeError("the sender did not begin to make a tensor")
    os.kill(victim, signal.SIGKILL)
    trial.mended()
    trial.call("receive", LIMIT_S, driver.get, reference)
    driver.sender = driver.peer()


def sender_killed_before_receive(driver: Driver, trial: Trial) -> None:
    """The sender dies when the method has returned and nobody has received."""
    reference = driver.put()
    _kill(driver.sender)
    trial.mended()
    trial.call("receive", LIMIT_S, driver.get, reference)
    driver.sender = driver.peer()


def sender_killed_during_receive(driver: Driver, trial: Trial) -> None:
    """The sender dies while one tensor after the other is received."""
    import ray

    victim = _pid_of(driver.sender)
    _, totals = driver.receiving(TRANSFERS)
    os.kill(victim, signal.SIGKILL)
    trial.mended()
    trial.call("receive", LIMIT_S * 2, lambda: len(ray.get(totals, timeout=REPLY_S * 2)))
    driver.sender = driver.peer()


def sender_killed_after_receive(driver: Driver, trial: Trial) -> None:
    """The sender dies when the receiver has the tensor."""
    import ray

    reference = driver.put()
    ray.get(driver.receiver.apply.remote(keep, "received", reference), timeout=REPLY_S)
    _kill(driver.sender)
    trial.mended()
    kept = driver.receiver.apply.remote(_kept_total, "received")
    trial.call("use", LIMIT_S, lambda: ray.get(kept, timeout=REPLY_S))
    driver.sender = driver.peer()


def receiver_killed_before_receive(driver: Driver, trial: Trial) -> None:
    """The receiver dies with a transfer to it under way."""
    import ray

    victim = _pid_of(driver.receiver)
    freeze(victim)
    total = driver.receiver.apply.remote(total_of, driver.put())
    os.kill(victim, signal.SIGKILL)
    trial.mended()
    trial.call("receive", LIMIT_S, lambda: ray.get(total, timeout=REPLY_S))
    trial.call("sender", LIMIT_S, driver.settle)
    driver.receiver = driver.peer()


def receiver_killed_during_receive(driver: Driver, trial: Trial) -> None:
    """The receiver dies while it receives one tensor after the other; another one follows it."""
    import ray

    victim = _pid_of(driver.receiver)
    references, totals = driver.receiving(TRANSFERS)
    os.kill(victim, signal.SIGKILL)
    trial.mended()
    trial.call("receive", LIMIT_S * 2, lambda: ray.get(totals, timeout=REPLY_S * 2))
    driver.receiver = driver.peer()
    trial.call("receive by another", LIMIT_S, driver.get, references[-1])


def receiver_killed_after_receive(driver: Driver, trial: Trial) -> None:
    """The receiver dies with the tensor in its memory; another one receives the same object."""
    import ray

    reference = driver.put()
    ray.get(driver.receiver.apply.remote(keep, "received", reference), timeout=REPLY_S)
    _kill(driver.receiver)
    trial.mended()
    driver.receiver = driver.peer()
    trial.call("receive by another", LIMIT_S, driver.get, reference)


STEPS: Final = (
    sender_killed_while_it_makes,
    sender_killed_before_receive,
    sender_killed_during_receive,
    sender_killed_after_receive,
    receiver_killed_before_receive,
    receiver_killed_during_receive,
    receiver_killed_after_receive,
)


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
