"""NPU tensors while the worker dies, on whatever datasystem and CANN are on the path.

yr-fake-cann run --npus 4 -- pytest packages/ray-ascend-yr/tests/npu
"""

from __future__ import annotations

from typing import Any

import psutil
import pytest
import ray
from conftest import wait_until
from npu_actors import Counts, ramp, total

from ray_ascend import register_yr_tensor_transport
from ray_ascend.backend.keeper import is_running
from ray_ascend.store.discovery import find_worker

pytestmark = [
    pytest.mark.long,
    pytest.mark.filterwarnings("ignore::UserWarning:torch_npu"),
]


def kill_worker() -> None:
    """End the worker of this node as a crash would."""
    worker = psutil.Process(find_worker().pid)
    worker.kill()
    wait_until(lambda: not is_running(worker))


def test_an_object_outlives_the_worker(peers: list[Any]) -> None:
    """It lies in its source's memory, which offers it again through the worker's successor."""
    sender, receiver, third = peers
    reference = sender.make.remote(ramp, 100)
    assert ray.get(receiver.apply.remote(total, reference)) == 4950

    kill_worker()

    assert [ray.get(peer.apply.remote(total, reference)) for peer in (receiver, third)] == [
        4950
    ] * 2


def test_transfers_after_the_worker_are_direct_again(peers: list[Any]) -> None:
    """Each process connects anew and receives from NPU to NPU, not through host memory."""
    sender, receiver, _ = peers
    assert ray.get(receiver.apply.remote(total, sender.make.remote(ramp, 10))) == 45

    for _ in range(2):
        kill_worker()
        register_yr_tensor_transport(["npu", "cpu"])
        assert ray.get(receiver.apply.remote(total, sender.make.remote(ramp, 100))) == 4950

    ray.get(receiver.apply.remote(Counts.begin))
    assert ray.get(receiver.apply.remote(total, sender.make.remote(ramp, 100))) == 4950
    assert ray.get(receiver.apply.remote(Counts.read)) == {"subscribe": 1}
