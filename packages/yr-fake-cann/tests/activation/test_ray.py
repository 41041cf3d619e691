"""Ray finds the NPUs by itself, gives them to actors, and moves their tensors."""

import pytest
from commands import python

RAY = {
    "RAY_AUTH_MODE": "disabled",
    "RAY_USAGE_STATS_ENABLED": "0",
}
HEADER = """
import os, sys, ray
ray.init(
    address="local",
    num_cpus=2,
    include_dashboard=False,
    log_to_driver=False,
    _node_ip_address="127.0.0.2",
)

@ray.remote(resources={"NPU": 1})
class Worker:
    def where(self):
        import torch
        return os.environ["ASCEND_RT_VISIBLE_DEVICES"], torch.npu.device_count()
    def make(self):
        import torch
        return torch.arange(4.0, device="npu")
    def total(self, tensor):
        return tensor.sum().item(), str(tensor.device)
"""


def on_ray(body: str) -> str:
    """Return the last line that a driver with the actors above prints on 3 NPUs."""
    return python(HEADER + body + "\nray.shutdown()", "--npus", "3", **RAY)


def test_ray_detects_the_npus() -> None:
    """``ray.init()`` reports the number and the kind without being told."""
    body = 'r = ray.cluster_resources(); print(r["NPU"], r["accelerator_type:Ascend910B3"])'

    assert on_ray(body) == "3.0 1.0"


def test_every_actor_has_an_npu_of_its_own() -> None:
    """Each actor sees one device, and they are different ones."""
    body = "print(sorted(ray.get([w.where.remote() for w in [Worker.remote(), Worker.remote()]])))"

    assert on_ray(body) == "[('0', 1), ('1', 1)]"


@pytest.mark.long
def test_a_tensor_travels_through_rays_object_store() -> None:
    """A device tensor returned by one actor arrives on the other's device."""
    body = (
        "a, b = Worker.remote(), Worker.remote(); print(ray.get(b.total.remote(a.make.remote())))"
    )

    assert on_ray(body) == "(6.0, 'npu:0')"
