"""Random numbers: each device has a generator of its own, which is not the CPU's."""

import torch
from torch_npu import npu


def test_a_seed_repeats_the_numbers(device: torch.device) -> None:
    """The same seed gives the same numbers on the same device."""
    torch.manual_seed(3)
    first = torch.randn(5, device=device)

    torch.manual_seed(3)

    assert torch.equal(torch.randn(5, device=device), first)


def test_numbers_go_on(device: torch.device) -> None:
    """Two draws differ."""
    assert not torch.equal(torch.rand(5, device=device), torch.rand(5, device=device))


def test_a_saved_state_repeats_the_numbers(device: torch.device) -> None:
    """``get_rng_state`` and ``set_rng_state`` are a seed and a position."""
    torch.rand(2, device=device)
    state = npu.get_rng_state(device)
    first = torch.randperm(9, device=device)

    npu.set_rng_state(state, device)

    assert torch.equal(torch.randperm(9, device=device), first)


def test_drawing_on_a_device_leaves_the_cpu_alone(device: torch.device) -> None:
    """The CPU's numbers do not depend on what a device draws."""
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)

    torch.rand(100, device=device).bernoulli_().exponential_()
    torch.nn.functional.dropout(torch.ones(9, device=device))

    assert torch.equal(torch.rand(3), expected)


def test_devices_draw_independently() -> None:
    """Drawing on npu:0 does not move npu:1."""
    torch.manual_seed(0)
    expected = torch.rand(3, device="npu:1")
    torch.manual_seed(0)

    torch.rand(3, device="npu:0")

    assert torch.equal(torch.rand(3, device="npu:1"), expected)


def test_an_explicit_generator_is_used(device: torch.device) -> None:
    """A generator of the device gives its own numbers."""
    draws = [
        torch.normal(0.0, 1.0, (4,), device=device, generator=generator)
        for generator in (torch.Generator(device).manual_seed(5) for _ in range(2))
    ]

    assert torch.equal(*draws)


def test_numbers_have_the_asked_distribution(device: torch.device) -> None:
    """Mean and deviation of many normal numbers are near 0 and 1."""
    torch.manual_seed(0)

    numbers = torch.randn(100_000, device=device)

    assert abs(numbers.mean().item()) < 0.02
    assert abs(numbers.std().item() - 1) < 0.02
