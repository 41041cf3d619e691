"""Every dense dtype travels, computes and prints on every npu as on the CPU."""

import torch


def values(dtype: torch.dtype, count: int = 12) -> torch.Tensor:
    """Return distinct small values of a dtype."""
    return torch.arange(1, count + 1).remainder(7).to(dtype)


def test_a_round_trip_keeps_every_bit(device: torch.device, dense_dtype: torch.dtype) -> None:
    """Bytes survive the way to the device and back."""
    source = values(dense_dtype)

    returned = source.to(device).cpu()

    assert returned.dtype == dense_dtype
    assert torch.equal(returned.view(torch.uint8), source.view(torch.uint8))


def test_factories_give_the_asked_dtype(device: torch.device, dense_dtype: torch.dtype) -> None:
    """Tensors are made on the device, with the dtype and the zeros asked for."""
    made = torch.zeros(3, 4, dtype=dense_dtype, device=device)

    assert (made.device, made.dtype, made.shape) == (device, dense_dtype, (3, 4))
    assert not made.cpu().view(torch.uint8).any()


def test_arithmetic_equals_the_hosts(device: torch.device, number: torch.dtype) -> None:
    """The same kernels run, so results are equal to the last bit."""
    left, right = values(number), values(number).flip(0) + 1

    result = left.to(device) * right.to(device) + 3

    assert result.device == device
    assert torch.equal(result.cpu(), left * right + 3)


def test_a_reduction_equals_the_hosts(device: torch.device, number: torch.dtype) -> None:
    """Sums accumulate in the dtype that the CPU uses."""
    source = values(number, 1000)

    result = source.to(device).sum()

    assert result.dtype == source.sum().dtype
    assert result.item() == source.sum().item()


def test_conversion_on_the_device(device: torch.device, dense_dtype: torch.dtype) -> None:
    """A conversion between dtypes happens on the device and gives the host's values."""
    source = values(torch.float32)

    converted = source.to(device).to(dense_dtype)

    assert converted.device == device
    assert torch.equal(converted.cpu().view(torch.uint8), source.to(dense_dtype).view(torch.uint8))


def test_conversion_on_the_way(device: torch.device, number: torch.dtype) -> None:
    """Device and dtype change in one call."""
    source = values(torch.int64)

    converted = source.to(device, number)

    assert (converted.device, converted.dtype) == (device, number)
    assert torch.equal(converted.cpu(), source.to(number))


def test_printing_shows_values_and_device(device: torch.device, number: torch.dtype) -> None:
    """A tensor prints as on the CPU, with its device named."""
    source = values(number, 4)

    text = repr(source.to(device))

    assert f"device='{device}'" in text
    assert text.split("]")[0] == repr(source).split("]")[0]


def test_matmul_equals_the_hosts(device: torch.device, real: torch.dtype) -> None:
    """Matrix products of every floating-point dtype."""
    left, right = values(real).view(3, 4), values(real).view(4, 3)

    result = left.to(device) @ right.to(device)

    assert torch.equal(result.cpu(), left @ right)


def test_conjugate_views_stay_lazy(device: torch.device) -> None:
    """A conjugated view carries its bit to the kernel and to the host."""
    source = torch.tensor([1 + 2j, 3 - 4j])

    view = source.to(device).conj()

    assert view.is_conj()
    assert torch.equal(view.cpu(), source.conj())
    assert torch.equal((view * 2).cpu(), source.conj() * 2)
