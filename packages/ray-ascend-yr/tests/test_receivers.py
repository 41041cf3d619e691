"""Actors that receive, and whose class says nothing of a transport."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import ray
import torch
from conftest import Sandbox

from ray_ascend import register_yr_tensor_transport

pytestmark = pytest.mark.datasystem


@ray.remote(num_cpus=0)
class Unprepared:
    """Receives without saying so."""

    def total(self, tensor: torch.Tensor) -> float:
        """Add up a tensor."""
        return float(tensor.sum())


@ray.remote(num_cpus=0, enable_tensor_transport=True)
class Prepared:
    """Receives, and says so."""

    def total(self, tensor: torch.Tensor) -> float:
        """Add up a tensor."""
        return float(tensor.sum())


def new_source() -> Any:
    """Make an actor whose tensor is there when it is sent on, so that even Ray's way works."""

    @ray.remote(num_cpus=0)
    class Source:
        @ray.method(tensor_transport="YR")
        def tensor(self) -> torch.Tensor:
            return torch.ones(3)

    return Source.remote()  # type: ignore[attr-defined]  # of the decorator


def test_its_class_is_named_once(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """The driver says before it hangs what to write; others are left alone."""
    sandbox.start_ray()
    register_yr_tensor_transport(["cpu"])
    reference = new_source().tensor.remote()
    ray.get(reference)

    with caplog.at_level(logging.WARNING, "ray_ascend"):
        kinds: tuple[Any, ...] = (Unprepared, Prepared, Unprepared)
        for kind in kinds:
            assert ray.get(kind.remote().total.remote(reference)) == 3.0

    (said,) = [one for one in caplog.messages if "no thread" in one]
    assert said.startswith("actors of class Unprepared receive tensors")
    assert "@ray.remote(enable_tensor_transport=True)" in said
