"""Operators of every family give on the device what they give on the host."""

from collections.abc import Callable
from typing import Final

import pytest
import torch
from torch import Tensor
from torch.nn import functional as nn

Case = Callable[[Tensor], Tensor]


def attention(x: Tensor) -> Tensor:
    """Return the attention of a tensor to itself."""
    return nn.scaled_dot_product_attention(x, x, x)


CASES: Final[dict[str, Case]] = {
    "pointwise": lambda x: torch.sigmoid(x).mul(2).clamp(0.2, 1.5).pow(2),
    "comparison": lambda x: torch.where(x > 0, x, -x),
    "broadcasting": lambda x: x[:, :1] - x[:1, :] * 3,
    "sum over a dimension": lambda x: x.sum(1, keepdim=True),
    "mean and variance": lambda x: torch.stack(torch.var_mean(x, 0)),
    "maximum with indices": lambda x: x.max(1).indices,
    "argsort": lambda x: x.argsort(1),
    "topk": lambda x: x.topk(3, 1).values,
    "cumsum": lambda x: x.cumsum(0),
    "unique": lambda x: torch.unique_consecutive(x.round().flatten().sort().values),
    "nonzero": lambda x: (x > 0).nonzero(),
    "masked select": lambda x: x.masked_select(x > 0),
    "concatenation": lambda x: torch.cat([x, x.t().contiguous()[:, :6]]),
    "gather": lambda x: x.gather(1, torch.zeros(6, 2, dtype=torch.int64, device=x.device)),
    "scatter": lambda x: x.scatter_add(1, torch.ones_like(x, dtype=torch.int64), x),
    "one-hot": lambda x: nn.one_hot(x.abs().long() % 4, 4),
    "softmax": lambda x: x.log_softmax(1),
    "layer norm": lambda x: nn.layer_norm(x, (6,)),
    "convolution": lambda x: nn.conv2d(x.view(1, 1, 6, 6), x[:3, :3].reshape(1, 1, 3, 3)),
    "pooling": lambda x: nn.adaptive_avg_pool2d(x.view(1, 1, 6, 6), 2),
    "interpolation": lambda x: nn.interpolate(x.view(1, 1, 6, 6), scale_factor=2.0),
    "embedding": lambda x: nn.embedding(torch.tensor([1, 4], device=x.device), x),
    "attention": lambda x: attention(x.view(1, 2, 3, 6)),
    "einsum": lambda x: torch.einsum("ij,kj->ik", x, x),
    "solve": lambda x: torch.linalg.solve(x @ x.t() + torch.eye(6, device=x.device), x),
    "singular values": torch.linalg.svdvals,
    "fft": lambda x: torch.fft.rfft(x).abs(),
    "foreach": lambda x: torch.stack(torch._foreach_add([x, x * 2], [x, x])),
    "an operator without an npu kernel": torch.lgamma,
}


@pytest.mark.parametrize("name", CASES)
def test_an_operator_equals_the_hosts(device: torch.device, name: str) -> None:
    """The result has the host's values, dtype and shape, and is on the device."""
    source = torch.randn(6, 6, generator=torch.Generator().manual_seed(7))
    operator = CASES[name]

    result = operator(source.to(device))

    assert result.device == device
    torch.testing.assert_close(result.cpu(), operator(source))


@pytest.mark.parametrize(
    "change",
    [Tensor.add_, Tensor.mul_, Tensor.copy_, Tensor.sub_],
    ids=["add_", "mul_", "copy_", "sub_"],
)
def test_in_place_changes_the_tensor_itself(
    device: torch.device, change: Callable[[Tensor, Tensor], Tensor]
) -> None:
    """An in-place operator returns its argument, in the same memory."""
    target = torch.arange(6.0).to(device)
    address = target.data_ptr()

    returned = change(target, torch.full_like(target, 2))

    assert returned is target
    assert target.data_ptr() == address
    assert torch.equal(target.cpu(), change(torch.arange(6.0), torch.full((6,), 2.0)))


@pytest.mark.parametrize("size", [0, 3, 5])
@pytest.mark.filterwarnings("ignore:An output with one or more elements was resized")
def test_an_output_of_any_size_receives_the_result(device: torch.device, size: int) -> None:
    """``out=`` is filled where it is, and grows when it is too small."""
    out = torch.zeros(size, device=device)

    returned = torch.add(torch.ones(5, device=device), 1, out=out)

    assert returned is out
    assert out.tolist() == [2.0] * 5


def test_an_output_may_be_a_view(device: torch.device) -> None:
    """``out=`` of a slice changes that part of its base and nothing else."""
    base = torch.zeros(6, device=device)

    torch.add(torch.ones(2, device=device), 1, out=base[2:4])

    assert base.tolist() == [0, 0, 2, 2, 0, 0]


@pytest.mark.parametrize(
    "operator",
    [lambda x: x[1:3], lambda x: x.t(), lambda x: x.view(-1), lambda x: x.unfold(0, 2, 1)],
    ids=["slice", "transpose", "view", "unfold"],
)
def test_a_view_shares_memory(device: torch.device, operator: Case) -> None:
    """What is written through a view is seen in its base."""
    base = torch.zeros(4, 4, device=device)

    operator(base).fill_(1)

    expected = torch.zeros(4, 4)
    operator(expected).fill_(1)
    assert torch.equal(base.cpu(), expected)


def test_a_cell_of_a_recurrent_network_has_gradients(device: torch.device) -> None:
    """A single LSTM cell equals the host's, and is differentiable."""
    host = torch.nn.LSTMCell(3, 4)
    there = torch.nn.LSTMCell(3, 4).to(device)
    there.load_state_dict(host.state_dict())
    source = torch.randn(2, 3)

    result = there(source.to(device))[0]
    torch.autograd.backward(result.sum())

    torch.testing.assert_close(result.cpu(), host(source)[0])
    assert there.weight_ih.grad is not None


def test_recurrent_networks_run(device: torch.device) -> None:
    """An LSTM equals the host's, forward and backward."""
    torch.manual_seed(0)
    host = torch.nn.LSTM(3, 4)
    there = torch.nn.LSTM(3, 4).to(device)
    there.load_state_dict(host.state_dict())
    source = torch.randn(5, 2, 3)

    results = [m(s)[0].square().sum() for m, s in ((host, source), (there, source.to(device)))]
    for result in results:
        torch.autograd.backward(result)

    torch.testing.assert_close(results[1].cpu(), results[0])
    gradients = [dict(m.named_parameters())["weight_ih_l0"].grad for m in (host, there)]
    torch.testing.assert_close(gradients[1], gradients[0], check_device=False)
