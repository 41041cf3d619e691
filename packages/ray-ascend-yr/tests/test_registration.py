"""Registration: again and again, in any order, and nothing left afterwards."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
import ray
import torch
from conftest import free_port, homes, workers_on

from ray_ascend import cleanup_yr_resources, register_yr_tensor_transport
from ray_ascend.errors import BackendStartError, ConfigurationError, NotInitializedError

PATIENCE_S = 20.0


def transfer() -> float:
    """Send one tensor from a new actor to this process."""

    @ray.remote(num_cpus=0)
    class Sender:
        def __init__(self) -> None:
            register_yr_tensor_transport(["cpu"])
            register_yr_tensor_transport(["cpu"])

        @ray.method(tensor_transport="YR")
        def make(self) -> torch.Tensor:
            return torch.arange(100.0)

    sender: Any = Sender.remote()  # type: ignore[attr-defined]  # added by the decorator
    total = float(ray.get(sender.make.remote()).sum())
    ray.kill(sender)
    return total


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("devices", [None, [], "cpu", ["tpu"], ["cpu", 7]], ids=repr)
def test_wrong_devices_are_refused(devices: Any) -> None:
    """Anything but a non-empty list of known device types is a ValueError that names them."""
    with pytest.raises(ConfigurationError, match=r"\['cpu', 'npu'\]"):
        register_yr_tensor_transport(devices)


def test_ray_must_run() -> None:
    """Registering before ray.init says what to do."""
    with pytest.raises(NotInitializedError, match=r"call ray\.init\(\) before"):
        register_yr_tensor_transport(["cpu"])


def test_cleaning_up_without_ray_does_nothing() -> None:
    """cleanup_yr_resources may be called at any time."""
    cleanup_yr_resources()


def test_a_life_of_registrations(start_ray: Callable[[], None], ports: tuple[int, int]) -> None:
    """Register twice, transfer, clean up twice, register again, and in a new Ray cluster too."""
    before = homes()
    start_ray()
    register_yr_tensor_transport(["cpu"])
    register_yr_tensor_transport(["npu", "cpu"])
    assert transfer() == 4950.0
    assert len(workers_on(ports[0])) == 1

    cleanup_yr_resources()
    cleanup_yr_resources()
    assert workers_on(ports[0]) == []
    assert homes() == before

    register_yr_tensor_transport(["cpu"])
    assert transfer() == 4950.0
    ray.shutdown()
    wait_until(lambda: workers_on(ports[0]) == [] and homes() == before)

    start_ray()
    register_yr_tensor_transport(["cpu"])
    assert transfer() == 4950.0


def test_a_start_that_fails_leaves_nothing(
    start_ray: Callable[[], None], ports: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A taken port and a bad flag are errors that say why; a correct registration then works."""
    before = homes()
    start_ray()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", ports[0]))
        taken.listen()
        with pytest.raises(BackendStartError, match="YR_DS_WORKER_PORT"):
            register_yr_tensor_transport(["cpu"])

    monkeypatch.setenv("YR_DS_WORKER_PORT", str(free_port()))
    monkeypatch.setenv("YR_DS_WORKER_ARGS", "--no_such_flag 1")
    with pytest.raises(BackendStartError, match="no_such_flag"):
        register_yr_tensor_transport(["cpu"])

    assert homes() == before
    monkeypatch.setenv("YR_DS_WORKER_ARGS", "--shared_memory_size_mb 128")
    register_yr_tensor_transport(["cpu"])
    assert transfer() == 4950.0
