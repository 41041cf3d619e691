"""SyncBatchNorm over HCCL on two emulated NPUs is BatchNorm over the batches of both."""

import importlib.metadata
import os
from pathlib import Path
from typing import Final

import pytest
import torch
from rank_processes import saved_by_ranks
from sync_batch_norm import CHANNELS, batch

from yr_fake_cann import activation

PROGRAM: Final = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sync_batch_norm.py")
WORLD: Final = 2

pytestmark = pytest.mark.skipif(
    not any(importlib.metadata.distributions(name="torch_npu")), reason="torch_npu is not installed"
)


def test_two_ranks_normalise_over_both_batches(tmp_path: Path) -> None:
    """Results, gradients of the input and running statistics; weights have each rank's share."""
    environ = activation.variables(dict(os.environ), activation.Machine(npus=WORLD))
    targets = [tmp_path / str(rank) for rank in range(WORLD)]
    programs = [
        [PROGRAM, str(rank), str(WORLD), str(tmp_path / "store"), str(target)]
        for rank, target in enumerate(targets)
    ]

    found = saved_by_ranks(programs, targets, {**os.environ, **environ})

    layer = torch.nn.BatchNorm1d(CHANNELS)
    source = torch.cat([batch(rank) for rank in range(WORLD)]).requires_grad_()
    result = layer(source)
    torch.autograd.backward(result.square().sum())
    parts = [part for part, *_ in found]
    gradients = [gradient for _, gradient, *_ in found]
    weights = [weight for _, _, weight, *_ in found]
    torch.testing.assert_close(torch.cat(parts), result.detach(), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(torch.cat(gradients), source.grad, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(sum(weights), layer.weight.grad, rtol=1e-4, atol=1e-4)
    for *_, mean, variance in found:
        torch.testing.assert_close(mean, layer.running_mean, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(variance, layer.running_var, rtol=1e-4, atol=1e-5)
