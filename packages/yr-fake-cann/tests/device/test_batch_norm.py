"""The statistics of SyncBatchNorm, one rank: those of torch's own batch normalisation."""

from collections.abc import Callable

import pytest
import torch
import torch_npu
from torch.nn import functional

EPS, MOMENTUM = 1e-5, 0.3
SHAPES = ((6, 3), (4, 3, 5), (4, 3, 5, 2))


@pytest.fixture(params=SHAPES, ids=str)
def source(request: pytest.FixtureRequest) -> torch.Tensor:
    """Values of three channels, on the host."""
    return torch.randn(request.param) * 2 + 1


def dims(source: torch.Tensor) -> list[int]:
    """Return all dimensions but that of the channels."""
    return [dim for dim in range(source.dim()) if dim != 1]


def test_stats_are_mean_and_reciprocal_deviation(
    device: torch.device, source: torch.Tensor, real: torch.dtype
) -> None:
    """Per channel, in float32 for half precision."""
    mean, invstd = torch.batch_norm_stats(source.to(real).to(device), EPS)

    wide = source.to(real).double()
    torch.testing.assert_close(mean.cpu().double(), wide.mean(dims(source)), rtol=1e-5, atol=1e-6)
    variance = wide.var(dims(source), correction=0)
    torch.testing.assert_close(
        invstd.cpu().double(), (variance + EPS).rsqrt(), rtol=1e-5, atol=1e-6
    )
    assert mean.dtype == (torch.float64 if real is torch.float64 else torch.float32)


def means(parts: list[torch.Tensor]) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return what torch's kernel gives for each rank."""
    return [torch.batch_norm_stats(part, EPS) for part in parts]


def sums(parts: list[torch.Tensor]) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return what torch_npu's kernel gives for each rank."""
    return [torch_npu.batch_norm_reduce(part, EPS) for part in parts]


@pytest.mark.parametrize(
    ("of_ranks", "gather"),
    [
        (means, torch.batch_norm_gather_stats_with_counts),
        (sums, torch_npu.batch_norm_gather_stats_update),
    ],
    ids=["torch", "torch_npu"],
)
def test_gathered_stats_are_those_of_the_whole(
    device: torch.device,
    of_ranks: Callable[[list[torch.Tensor]], list[tuple[torch.Tensor, torch.Tensor]]],
    gather: Callable[..., tuple[torch.Tensor, torch.Tensor]],
) -> None:
    """Two ranks with different counts; running statistics follow with the unbiased variance."""
    source = torch.randn(7, 3, 4, device=device) + 2
    parts = [source[:2], source[2:]]
    running = torch.zeros(3, device=device), torch.ones(3, device=device)
    expected = running[0].cpu(), running[1].cpu()
    counts = torch.tensor([8.0, 20.0], device=device)

    first, second = (torch.stack(column) for column in zip(*of_ranks(parts), strict=True))
    mean, invstd = gather(source, first, second, *running, MOMENTUM, EPS, counts)

    functional.batch_norm(source.cpu(), *expected, training=True, momentum=MOMENTUM)
    whole = torch.batch_norm_stats(source, EPS)
    torch.testing.assert_close((mean, invstd), whole, rtol=1e-4, atol=1e-5)
    for ours, theirs in zip(running, expected, strict=True):
        torch.testing.assert_close(ours.cpu(), theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("affine", [True, False])
def test_forward_and_backward_are_those_of_batch_norm(
    device: torch.device, source: torch.Tensor, affine: bool
) -> None:
    """Normalised values, and the gradients of input, weight and bias."""
    host = source.double().requires_grad_()
    weight = torch.rand(3, dtype=torch.float64).requires_grad_() if affine else None
    bias = torch.rand(3, dtype=torch.float64).requires_grad_() if affine else None
    grad = torch.randn(source.shape, dtype=torch.float64)
    expected = functional.batch_norm(host, None, None, weight, bias, training=True, eps=EPS)
    torch.autograd.backward(expected, grad)

    x, dy = source.to(device), grad.float().to(device)
    scale, shift = (None if p is None else p.detach().float().to(device) for p in (weight, bias))
    mean, invstd = torch.batch_norm_stats(x, EPS)
    result = torch.batch_norm_elemt(x, scale, shift, mean, invstd, EPS)
    sum_dy, sum_dy_xmu, of_weight, of_bias = torch.batch_norm_backward_reduce(
        dy, x, mean, invstd, scale, True, affine, affine
    )
    count = torch.tensor([x.numel() // 3], device=device, dtype=torch.int32)
    of_input = torch.batch_norm_backward_elemt(
        dy, x, mean, invstd, scale, sum_dy, sum_dy_xmu, count
    )

    pairs = [(result, expected.detach()), (of_input, host.grad)]
    if weight is not None and bias is not None:
        pairs += [(of_weight, weight.grad), (of_bias, bias.grad)]
    for ours, theirs in pairs:
        assert theirs is not None
        torch.testing.assert_close(ours.cpu().double(), theirs, rtol=1e-4, atol=1e-4)
