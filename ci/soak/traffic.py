"""The transfers: threads of the driver that keep moving random trees in random ways."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import ray
import torch
from payloads import difference, tensors_of, tree_of
from peers import Pool
from ray.experimental import set_target_for_ref
from records import LIMIT_S, Records, Weather, WrongValueError

_PAUSE_S = 0.03
_HELD = 6


class Traffic:
    """Threads that transfer until they are told to stop."""

    def __init__(self, pool: Pool, records: Records, weather: Weather, seed: int) -> None:
        self._pool, self._records, self._weather, self._seed = pool, records, weather, seed
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, threads: int) -> None:
        """Begin to transfer."""
        self._over.clear()
        self._threads = [
            threading.Thread(target=self._run, args=(self._seed * 1000 + number,))
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish what is under way and drop every reference."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self, seed: int) -> None:
        drawn = random.Random(seed)  # noqa: S311 - nothing secret
        held: deque[tuple[float, int, Any]] = deque()
        while not self._over.is_set():
            if len(held) >= drawn.randint(1, _HELD):
                begin, drawn_from, reference = held.popleft()
                self._carry_out("kept a while", begin, _read_late, drawn, drawn_from, reference)
                del reference
            kind = drawn.choice(sorted(KINDS))
            begin, number = time.monotonic(), drawn.randrange(2**31)
            peers = self._pool.all()
            drawn.shuffle(peers)
            reference = self._carry_out(kind, begin, KINDS[kind], drawn, number, peers)
            if reference is not None:
                held.append((begin, number, reference))
            del reference
            self._over.wait(_PAUSE_S)

    def _carry_out(self, kind: str, begin: float, move: Callable[..., Any], *given: Any) -> Any:
        started = time.monotonic()
        try:
            kept = move(*given)
        except Exception as error:  # whatever it is, it is counted and judged
            calm = self._weather.was_calm_since(begin)
            self._records.failed(kind, error, time.monotonic() - started, calm)
        else:
            self._records.succeeded(kind)
            return kept


def to_actor(_drawn: random.Random, seed: int, peers: list[Any]) -> None:
    """From actor to actor."""
    source, receiver, *_ = peers
    _checked(receiver.check.remote(seed, source.make.remote(seed)))


def to_several(_drawn: random.Random, seed: int, peers: list[Any]) -> None:
    """From an actor to all others."""
    source, *receivers = peers
    reference = source.make.remote(seed)
    for answer in [receiver.check.remote(seed, reference) for receiver in receivers]:
        _checked(answer)


def to_driver(drawn: random.Random, seed: int, peers: list[Any]) -> Any:
    """From an actor to the driver, which overwrites what it got; sometimes kept for later."""
    reference = peers[0].make.remote(seed)
    value = ray.get(reference, timeout=LIMIT_S)
    _compare(tree_of(seed), value)
    if isinstance(value, torch.Tensor):
        value.zero_()
    return reference if drawn.random() < 0.5 else None


def into_buffers(_drawn: random.Random, seed: int, peers: list[Any]) -> None:
    """From an actor into tensors that the driver has already."""
    expected = tensors_of(seed)
    buffers = [torch.zeros_like(tensor) for tensor in expected]
    reference = peers[0].make_list.remote(seed)
    set_target_for_ref(reference, buffers)
    found = ray.get(reference, timeout=LIMIT_S)
    _compare(expected, found)
    if [id(tensor) for tensor in found] != [id(buffer) for buffer in buffers]:
        raise WrongValueError("the tensors are not the buffers")


def along_a_chain(_drawn: random.Random, seed: int, peers: list[Any]) -> None:
    """From actor to actor to actor."""
    first, second, third, *_ = peers
    passed = second.pass_on.remote(first.make.remote(seed))
    _checked(third.check.remote(seed, passed))


def to_itself(_drawn: random.Random, seed: int, peers: list[Any]) -> None:
    """From an actor to itself, which needs no transfer."""
    _checked(peers[0].check.remote(seed, peers[0].make.remote(seed)))


def unread(_drawn: random.Random, seed: int, peers: list[Any]) -> None:
    """Made and dropped without anybody reading it."""
    ray.wait([peers[0].make.remote(seed)], timeout=LIMIT_S)


KINDS: dict[str, Callable[[random.Random, int, list[Any]], Any]] = {
    "actor to actor": to_actor,
    "to several actors": to_several,
    "to the driver": to_driver,
    "into buffers": into_buffers,
    "chain of actors": along_a_chain,
    "to itself": to_itself,
    "dropped unread": unread,
}


def _read_late(_drawn: random.Random, seed: int, reference: Any) -> None:
    _compare(tree_of(seed), ray.get(reference, timeout=LIMIT_S))


def _checked(answer: Any) -> None:
    if problem := ray.get(answer, timeout=LIMIT_S):
        raise WrongValueError(problem)


def _compare(expected: Any, found: Any) -> None:
    if problem := difference(expected, found):
        raise WrongValueError(problem)
