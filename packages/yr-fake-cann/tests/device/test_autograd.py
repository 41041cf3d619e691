"""Gradients, modules and optimisers on the device."""

import pytest
import torch


def network(device: torch.device) -> torch.nn.Sequential:
    """Return a small network, the same on every device."""
    torch.manual_seed(0)
    layers = (torch.nn.Linear(4, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
    return torch.nn.Sequential(*layers).to(device)


def trained(
    device: torch.device, optimizer: type[torch.optim.Optimizer], steps: int
) -> list[float]:
    """Return the losses of fitting a linear function."""
    model = network(device)
    optimiser = optimizer(model.parameters(), lr=0.05)  # type: ignore[call-arg]
    inputs = torch.randn(32, 4, generator=torch.Generator().manual_seed(1)).to(device)
    wanted = inputs.sum(1, keepdim=True)
    losses = []
    for _ in range(steps):
        optimiser.zero_grad()
        loss = torch.nn.functional.mse_loss(model(inputs), wanted)
        torch.autograd.backward(loss)
        optimiser.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize(
    "optimizer",
    [torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.RMSprop],
    ids=lambda optimizer: optimizer.__name__,
)
def test_training_converges_as_on_the_host(
    device: torch.device, optimizer: type[torch.optim.Optimizer]
) -> None:
    """Losses fall, and step by step they are the host's."""
    losses = trained(device, optimizer, 40)

    assert losses[-1] < losses[0] / 4
    torch.testing.assert_close(
        losses, trained(torch.device("cpu"), optimizer, 40), rtol=1e-3, atol=1e-4
    )


def test_gradients_stay_on_the_device(device: torch.device) -> None:
    """The gradient of a leaf has its device and dtype."""
    leaf = torch.ones(3, device=device, dtype=torch.float64, requires_grad=True)

    torch.autograd.backward((leaf * leaf).sum())

    assert leaf.grad is not None
    assert (leaf.grad.device, leaf.grad.dtype) == (device, torch.float64)
    assert leaf.grad.tolist() == [2, 2, 2]


def test_gradients_cross_devices() -> None:
    """A graph over two NPUs and the CPU is differentiated through its copies."""
    leaf = torch.ones(2, requires_grad=True)

    torch.autograd.backward((leaf.to("npu:0").mul(3).to("npu:1") * 2).sum())

    assert leaf.grad is not None
    assert leaf.grad.tolist() == [6, 6]


def test_numerical_gradients_agree(device: torch.device) -> None:
    """The gradient check passes on the device."""
    inputs = torch.randn(3, 4, dtype=torch.float64, device=device, requires_grad=True)

    assert torch.autograd.gradcheck(lambda x: torch.tanh(x @ x.t()).softmax(1), (inputs,))


def test_dropout_draws_on_the_device_and_has_a_gradient(device: torch.device) -> None:
    """What dropout keeps is scaled, and its gradient is its mask."""
    source = torch.ones(1000, device=device, requires_grad=True)

    kept = torch.nn.functional.dropout(source, 0.5)
    torch.autograd.backward(kept.sum())

    assert set(kept.tolist()) == {0.0, 2.0}
    assert source.grad is not None
    assert torch.equal(source.grad, kept)


def test_autocast_computes_in_bfloat16(device: torch.device) -> None:
    """torch_npu's autocast chooses the dtype, as on hardware."""
    left = torch.ones(2, 2, device=device)

    with torch.autocast("npu", dtype=torch.bfloat16):
        result = left @ left

    assert result.dtype == torch.bfloat16
