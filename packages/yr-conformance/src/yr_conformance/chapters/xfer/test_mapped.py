"""XFER-MAP: receivers that map the worker's memory instead of copying it.

All other clauses but GC-MEM-02 hold for them too: `nox -s conformance -- --receive map`.
"""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import Any, Literal

import pytest
import ray
import torch

from yr_conformance.transfer.actor_memory import forget, keep, recall
from yr_conformance.transfer.clauses import BY_VALUE, MUST, clause
from yr_conformance.transfer.fingerprint import fingerprint
from yr_conformance.transfer.key_watch import KeyWatch
from yr_conformance.transfer.payloads import SENTINEL, filled, overwrite
from yr_conformance.transfer.peer import observed
from yr_conformance.transfer.registration import registered_devices

MEBIBYTES = 16
KEPT = "mapped"


@pytest.fixture
def mapper(receiver: Any) -> Iterator[Any]:
    """The shared receiver, which maps until the end of the test."""
    ray.get(receiver.apply.remote(_receive, "map"))
    yield receiver
    ray.get(receiver.apply.remote(forget, KEPT))
    ray.get(receiver.apply.remote(_receive, None))


@clause("XFER-MAP-01", MUST, source="docs/receiving.md: receive='map'")
@BY_VALUE
def test_nothing_is_copied(sender: Any, mapper: Any) -> None:
    """A received tensor's memory is a private mapping of the worker's, with the right bytes."""
    reference = sender.make.remote(filled, MEBIBYTES, 3)

    mapping = ray.get(mapper.apply.remote(_mapping_of, reference))

    assert mapping.split()[1] == "rw-p"
    assert "memfd:datasystem" in mapping
    assert observed(mapper, reference) == fingerprint(filled(MEBIBYTES, 3))


@clause("XFER-MAP-02", MUST, source="docs/receiving.md: receive='map'")
@BY_VALUE
def test_what_is_written_into_a_mapping_nobody_else_sees(
    sender: Any, mapper: Any, third: Any
) -> None:
    """Neither another receiver nor a later receipt shows it, and the writer keeps it."""
    reference = sender.make.remote(filled, MEBIBYTES, 3)
    ray.get(mapper.apply.remote(keep, KEPT, reference))

    ray.get(mapper.apply.remote(_overwrite_kept))

    expected = fingerprint(filled(MEBIBYTES, 3))
    assert [observed(third, reference), observed(mapper, reference)] == [expected, expected]
    assert ray.get(mapper.apply.remote(_ends_of_kept)) == [SENTINEL, SENTINEL]


@clause("XFER-MAP-03", MUST, source="docs/receiving.md: receive='map'")
@BY_VALUE
def test_a_mapping_outlives_its_object(sender: Any, mapper: Any, keys: KeyWatch) -> None:
    """Its bytes stay while the tensor lives, whatever is stored after the object was freed."""
    keys.start(sender)
    reference = sender.make.remote(filled, MEBIBYTES, 3)
    ray.get(mapper.apply.remote(keep, KEPT, reference))
    keys.exist_of(sender)
    del reference
    keys.vanish()

    for number in range(10, 20):
        ray.wait([sender.make.remote(filled, MEBIBYTES, number)])

    assert ray.get(mapper.apply.remote(_ends_of_kept)) == [3, 3]


def _receive(way: Literal["map"] | None) -> None:
    from ray_ascend import register_yr_tensor_transport

    register_yr_tensor_transport(registered_devices(), receive=way)


def _mapping_of(tensor: torch.Tensor) -> str:
    """Give the line of this process's memory map in which a tensor lies."""
    for line in pathlib.Path("/proc/self/maps").read_text().splitlines():
        start, _, end = line.split()[0].partition("-")
        if int(start, 16) <= tensor.data_ptr() < int(end, 16):
            return line
    return ""


def _overwrite_kept() -> None:
    overwrite(recall(KEPT))


def _ends_of_kept() -> list[float]:
    tensor = recall(KEPT)
    return [float(tensor[0]), float(tensor[-1])]
