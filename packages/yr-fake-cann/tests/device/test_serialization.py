"""Tensors of a device are saved, pickled, copied and loaded."""

import copy
import io
import pickle

import torch


def test_saved_tensors_load_on_their_device(device: torch.device, dense_dtype: torch.dtype) -> None:
    """``torch.save`` remembers device and dtype."""
    tensor = torch.arange(6).to(dense_dtype).to(device)
    file = io.BytesIO()

    torch.save(tensor, file)
    file.seek(0)
    loaded = torch.load(file)

    assert (loaded.device, loaded.dtype) == (device, dense_dtype)
    assert torch.equal(loaded.cpu().view(torch.uint8), tensor.cpu().view(torch.uint8))


def test_a_map_location_moves_to_the_host(device: torch.device) -> None:
    """A checkpoint of an npu loads without one."""
    file = io.BytesIO()
    torch.save({"weight": torch.ones(2, 3, device=device)}, file)
    file.seek(0)

    loaded = torch.load(file, map_location="cpu")

    assert loaded["weight"].device.type == "cpu"


def test_a_model_and_its_optimiser_are_restored(device: torch.device) -> None:
    """State of modules and optimisers survives a file."""
    model = torch.nn.Linear(2, 2).to(device)
    optimiser = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 2, device=device)).sum().backward()
    optimiser.step()
    file = io.BytesIO()
    torch.save((model.state_dict(), optimiser.state_dict()), file)
    file.seek(0)

    weights, state = torch.load(file)

    assert torch.equal(weights["weight"], model.weight)
    assert state["state"][0]["exp_avg"].device == device


def test_pickling_keeps_device_and_values(device: torch.device, number: torch.dtype) -> None:
    """``pickle`` of a tensor and of a view."""
    tensor = torch.arange(6).to(number).view(2, 3).to(device)

    loaded = pickle.loads(pickle.dumps(tensor.t()))

    assert loaded.device == device
    assert torch.equal(loaded.cpu(), tensor.t().cpu())


def test_a_deep_copy_is_another_tensor(device: torch.device) -> None:
    """``deepcopy`` copies memory, parameters included."""
    parameter = torch.nn.Parameter(torch.ones(3, device=device))

    copied = copy.deepcopy(parameter)
    copied.data.zero_()

    assert parameter.tolist() == [1, 1, 1]
    assert isinstance(copied, torch.nn.Parameter)


def test_numpy_needs_the_host(device: torch.device) -> None:
    """A device tensor becomes an array through ``cpu()``."""
    assert torch.ones(2, device=device).cpu().numpy().tolist() == [1, 1]
