"""Indexing: with numbers, slices, masks and index tensors of both devices."""

import torch


def test_reading_one_element(device: torch.device) -> None:
    """``item`` of an element is a Python number."""
    tensor = torch.arange(6.0).view(2, 3).to(device)

    assert tensor[1, 2].item() == 5.0


def test_assigning_a_slice(device: torch.device) -> None:
    """A slice is filled from a host tensor."""
    tensor = torch.zeros(2, 3, device=device)

    tensor[1, :2] = torch.tensor([7.0, 8.0])

    assert tensor.tolist() == [[0, 0, 0], [7, 8, 0]]


def test_a_mask_selects(device: torch.device) -> None:
    """A boolean mask on the device selects and assigns."""
    tensor = torch.arange(5, device=device)

    tensor[tensor > 2] = -1

    assert tensor.tolist() == [0, 1, 2, -1, -1]


def test_indices_may_be_on_the_host(device: torch.device) -> None:
    """CPU indices into a device tensor are allowed."""
    tensor = torch.arange(5, device=device)

    assert tensor[torch.tensor([4, 0])].tolist() == [4, 0]


def test_indices_on_the_device(device: torch.device) -> None:
    """Indices on the same device read and accumulate."""
    tensor = torch.zeros(3, device=device)
    indices = torch.tensor([2, 2, 0], device=device)

    tensor.index_put_((indices,), torch.ones(3, device=device), accumulate=True)

    assert tensor.tolist() == [1, 0, 2]
