"""COST-PAIR: what an object costs between each pair of a source and a receiver, row by row.

The rows are those of the table in docs/guide/paths.md, but for a source that refuses the
connection, which needs a fault.

    source --stored--> [nothing, or the source's calls on demand] --> receiver: its calls and copies
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import ray
import torch
from ray import experimental
from ray.experimental import set_target_for_ref

from yr_conformance.fair_time import Elapsed, Stopwatch
from yr_conformance.results import COST_PROPERTY
from yr_conformance.transfer.call_journal import calls_for_new_objects, start_journal
from yr_conformance.transfer.clauses import BETWEEN_KINDS, MUST, clause
from yr_conformance.transfer.copy_counter import CopyCounter
from yr_conformance.transfer.payloads import SENTINEL, ramp
from yr_conformance.transfer.peer import TRANSPORT

ELEMENTS = 1000
NOTHING: Mapping[str, int] = {}
OFFER = {"dev_mset": 1}
STORE = {"mcreate": 1, "mset_buffer": 1}
ASKED_AFTER_S = 0.5
"""A receiver that has waited so long asks the source, which looks whether its key is there."""
QUESTION = {"get_meta_info": 1}
COPY_TO_THE_HOST = {**QUESTION, **STORE}
SUBSCRIBE = {"dev_subscribe": 1}
GET = {"get_buffers": 1}
TARGETS_OF_ANOTHER_KIND, PUT_IN_A_DRIVER = (2, 58), (2, 59)


def _plain(reference: Any) -> None:
    """Wish nothing: the object arrives on its own kind of device."""


def _on_the_host(reference: Any) -> None:
    experimental.set_target_device_for_ref(reference, "cpu")


def _into_host_memory(reference: Any) -> torch.Tensor:
    return _into(reference, "cpu")


def _into_npu_memory(reference: Any) -> torch.Tensor:
    return _into(reference, "npu")


def _into(reference: Any, kind: str) -> torch.Tensor:
    """Name a target, which must be kept: Ray only has a weak reference to it."""
    target = torch.full((ELEMENTS,), SENTINEL, device=kind)
    set_target_for_ref(reference, [target])
    return target


@dataclass(frozen=True)
class Pair:
    """One row: who sends, who receives, and what that takes in calls of the SDK and in copies."""

    name: str
    source: Callable[[Any], Any]
    receiver: Callable[[Any], Any]
    received: Mapping[str, int]
    copies: int
    """How often the receiver's torch copies each byte."""
    stored: Mapping[str, int] = field(default_factory=lambda: OFFER)
    on_demand: Mapping[str, int] = field(default_factory=dict)
    """The source's calls once somebody wants the object."""
    wish: Callable[[Any], object] = _plain
    since: tuple[int, ...] = (0,)


class _Driver:
    """The test's own process, asked as an actor is."""

    def make(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return ray.put(function(*arguments), _tensor_transport=TRANSPORT)

    def apply(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return function(*arguments)


class _Actor:
    """An actor whose answers are waited for."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle

    def make(self, function: Callable[..., Any], *arguments: Any) -> Any:
        reference = self._handle.make.remote(function, *arguments)
        # Ray refuses to pass a reference inside a list before its metadata are known.
        ray.get(reference)
        return reference

    def apply(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return ray.get(self._handle.apply.remote(function, *arguments))


def _fixture(name: str, index: int | None = None) -> Callable[[Any], _Actor]:
    def actor(fixture: Any) -> _Actor:
        peers = fixture(name)
        return _Actor(peers if index is None else peers[index])

    return actor


def _driver(_fixture: Any) -> _Driver:
    return _Driver()


_SENDER, _RECEIVER, _HOST = _fixture("sender"), _fixture("receiver"), _fixture("host_peer")
_ONE_NPU = _fixture("wide_peers", 0), _fixture("wide_peers", 1)
PAIRS = (
    Pair("npu, another npu", _SENDER, _RECEIVER, SUBSCRIBE, 0),
    Pair(
        *("npu, a target on another npu", _SENDER, _RECEIVER, SUBSCRIBE, 1),
        wish=_into_npu_memory,
    ),
    Pair("npu, the same npu", *_ONE_NPU, GET, 1, on_demand=COPY_TO_THE_HOST),
    Pair(
        *("npu, the cpu", _SENDER, _HOST, GET, 1),
        on_demand=COPY_TO_THE_HOST,
        wish=_on_the_host,
        since=TARGETS_OF_ANOTHER_KIND,
    ),
    Pair(
        *("npu, a target on the cpu", _SENDER, _HOST, GET, 1),
        on_demand=COPY_TO_THE_HOST,
        wish=_into_host_memory,
        since=TARGETS_OF_ANOTHER_KIND,
    ),
    Pair(
        *("npu of a driver, an npu", _driver, _RECEIVER, GET, 1),
        stored={**OFFER, **STORE},
        since=PUT_IN_A_DRIVER,
    ),
    Pair("cpu, the cpu", _HOST, _driver, GET, 1, stored=STORE),
    Pair(
        *("cpu, a target on an npu", _HOST, _RECEIVER, GET, 1),
        stored=STORE,
        wish=_into_npu_memory,
        since=TARGETS_OF_ANOTHER_KIND,
    ),
)


@BETWEEN_KINDS
@clause("COST-PAIR-01", MUST, source="design: the path between each pair, and its cost")
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_what_a_pair_costs(
    ray_version: tuple[int, ...], device: Any, request: pytest.FixtureRequest, pair: Pair
) -> None:
    """Source and receiver make the calls that their path takes, once each, and no others."""
    if ray_version < pair.since:
        pytest.skip(f"Ray before {'.'.join(map(str, pair.since))} has no such transfer")
    source, receiver = (end(request.getfixturevalue) for end in (pair.source, pair.receiver))
    # A process that receives from a source for the first time asks it a question more.
    receiver.apply(_counted_get, [source.make(ramp, ELEMENTS)], pair.wish)
    source.apply(start_journal)
    reference = source.make(ramp, ELEMENTS)
    stored = source.apply(_counted)

    got = receiver.apply(_counted_get, [reference], pair.wish)

    received, copied, size = got.calls, got.copied, got.size
    on_demand = source.apply(_counted)
    calls = [_names(one) for one in (stored, on_demand + received)]
    row = (pair.name, 1, size, 1, *calls, "-", "-", copied)
    cells = " | ".join(str(cell) for cell in row)
    request.node.user_properties.append((COST_PROPERTY, f"| {cells} |"))
    if on_demand == {**pair.on_demand, **QUESTION}:
        got.took.keeps(ASKED_AFTER_S)
    assert (stored, on_demand, received) == (pair.stored, pair.on_demand, pair.received)
    assert copied == pair.copies * size


def _counted() -> Counter[str]:
    return Counter(call.name for call in calls_for_new_objects())


@dataclass(frozen=True)
class _Got:
    """What a receiver's get took: calls of the SDK, bytes that torch copied, and the object's."""

    calls: Counter[str]
    copied: int
    size: int
    took: Elapsed


def _counted_get(references: list[Any], wish: Callable[[Any], object]) -> _Got:
    target = wish(references[0])
    start_journal()
    copies = CopyCounter()
    copies.start()
    watch = Stopwatch()
    received = ray.get(references[0])
    took = watch.read()
    copies.stop()
    (tensor,) = received if isinstance(received, list) else (received,)
    if target is not None and tensor is not target:
        raise RuntimeError("the target was not used")
    return _Got(_counted(), copies.copied_bytes, tensor.nbytes, took)


def _names(calls: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in calls.items())
