"""A trainer's weights go to rollout actors, step after step, into buffers that stay.

    python npu_weight_sync.py [PLOT.png]

Needs `tqdm` for the progress bar, and `matplotlib` for the plot of the time of each step. Every
rollout actor has weights of its own: what arrives fills them in place.
"""

import sys
import time
from typing import Any

import matplotlib
import ray
from ray.experimental import set_target_for_ref
from tqdm import tqdm

from ray_ascend import cleanup_yr_resources, register_yr_tensor_transport

LAYERS, WIDTH, STEPS = 100, 64, 8

ray.init()
register_yr_tensor_transport(["npu", "cpu"])


@ray.remote(num_cpus=0, resources={"NPU": 1})
class Trainer:
    """Owns the weights and changes them in every step."""

    def __init__(self) -> None:
        import torch
        import torch_npu  # noqa: F401 - brings the device "npu" to torch

        register_yr_tensor_transport(["npu", "cpu"])
        self.weights = [torch.zeros(WIDTH, WIDTH, device="npu") for _ in range(LAYERS)]

    def train(self, step: int) -> list[Any]:
        """Do one step, offer all weights as one object, and return the reference to it in a box.

        In a box, so that whoever gets it can name target buffers before fetching the object.
        """
        for layer, weight in enumerate(self.weights):
            weight.add_(step + layer % 3)
        return [ray.put(self.weights, _tensor_transport="YR")]


@ray.remote(num_cpus=0, resources={"NPU": 1})
class Rollout:
    """Keeps a copy of the weights at fixed addresses."""

    def __init__(self) -> None:
        import torch
        import torch_npu  # noqa: F401

        register_yr_tensor_transport(["npu", "cpu"])
        self.weights = [torch.zeros(WIDTH, WIDTH, device="npu") for _ in range(LAYERS)]

    def pull(self, box: list[Any]) -> tuple[float, bool]:
        """Fetch the weights into this actor's own; give their sum, and whether they stayed."""
        before = [weight.data_ptr() for weight in self.weights]
        set_target_for_ref(box[0], self.weights)
        received = ray.get(box[0])
        total = float(sum(weight.sum() for weight in self.weights))
        return total, [weight.data_ptr() for weight in received] == before


trainer = Trainer.remote()
rollouts = [Rollout.remote() for _ in range(2)]

seconds = []
for step in tqdm(range(1, STEPS + 1), desc="weight sync", file=sys.stderr):
    begin = time.perf_counter()
    weights = trainer.train.remote(step)
    arrived = ray.get([rollout.pull.remote(weights) for rollout in rollouts])
    seconds.append(time.perf_counter() - begin)
    print(f"step {step}: sums and addresses kept", arrived)

if len(sys.argv) > 1:
    matplotlib.use("Agg")  # draws without a display
    from matplotlib import pyplot

    pyplot.bar(range(1, STEPS + 1), [1000 * value for value in seconds])
    pyplot.xlabel("step")
    pyplot.ylabel(f"milliseconds for {LAYERS} tensors to {len(rollouts)} actors")
    pyplot.savefig(sys.argv[1])

cleanup_yr_resources()
ray.shutdown()
